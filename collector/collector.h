// The collector put together: receive -> validate -> durable append -> acknowledge, and queries
// beside it.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "collector/config.h"

namespace clew::collector {

class Collector {
 public:
  virtual ~Collector() = default;
  // Where it listens, with real ports.
  virtual const std::string& otlp_address() const = 0;
  virtual const std::string& query_address() const = 0;
  virtual const std::string& metrics_address() const = 0;
  // Takes no new requests, stores and answers those that it has, and closes the store. The
  // destructor does it too.
  virtual void Stop() = 0;
};

// Serving on return. Errors: the data directory (see store::OpenRocksStore) or an address.
Result<std::unique_ptr<Collector>> StartCollector(const Config& config);

}  // namespace clew::collector
