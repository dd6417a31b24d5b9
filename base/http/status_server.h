// A small HTTP server for machines that watch a program of ours:
//
//   GET /metrics   Prometheus text format
//   GET /healthz   200 "ok", or 503 with the reason why a restart might help
//   GET /readyz    200 "ok", or 503 with the reason why there should be no work for it now
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace clew::http {

struct StatusServerOptions {
  std::string listen;  // HOST:PORT, the host as a numeric address; port 0 takes a free one
  std::function<std::string()> metrics;  // the body of /metrics
  std::function<std::string()> trouble;  // empty: healthy, and perhaps ready; else why not
  // Asked when it is healthy. Empty: ready; else why not. Without it, who is healthy is ready.
  std::function<std::string()> unready = nullptr;
};

class StatusServer {
 public:
  virtual ~StatusServer() = default;
  // HOST:PORT with the real port.
  virtual const std::string& address() const = 0;
};

// The callbacks run on the server's own thread. Serves until destroyed. Errors name the address.
Result<std::unique_ptr<StatusServer>> StartStatusServer(StatusServerOptions options);

}  // namespace clew::http
