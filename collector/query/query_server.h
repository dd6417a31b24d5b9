// clew.query.v1.QueryService over the span store; see proto/query/v1/query.proto for what it
// promises.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "collector/counters.h"
#include "store/span_store.h"

namespace clew::query {

struct QueryServerOptions {
  std::string listen = "127.0.0.1:7317";
  std::string data_dir;  // for GetStatus
  UnixNanos started{};   // for GetStatus
};

class QueryServer {
 public:
  virtual ~QueryServer() = default;
  // HOST:PORT with the real port.
  virtual const std::string& address() const = 0;
  virtual void Shutdown() = 0;
};

// `store` and `counters` must outlive the server.
Result<std::unique_ptr<QueryServer>> StartQueryServer(const QueryServerOptions& options,
                                                      store::SpanStore& store,
                                                      const collector::Counters& counters);

}  // namespace clew::query
