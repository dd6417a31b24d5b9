// The collector's configuration: YAML file < environment (CLEW_COLLECTOR_*) < flags.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/rocks_store.h"

namespace clew::collector {

struct Config {
  std::string listen = "127.0.0.1:4317";          // OTLP/gRPC
  std::string query_listen = "127.0.0.1:7317";    // query service
  std::string metrics_listen = "127.0.0.1:9465";  // /metrics, /healthz and /readyz
  std::string data_dir = "/var/lib/clew";
  std::string log_level = "info";          // debug, info, warn, error
  std::uint64_t max_message_mib = 64;      // of one export request
  std::uint64_t max_in_flight_mib = 256;   // of all requests that are not answered yet
  std::uint64_t min_free_disk_mib = 256;   // below this nothing is written
  std::uint64_t shed_free_disk_mib = 512;  // below this the oldest spans are dropped
  std::uint64_t retention_hours = 0;       // spans are dropped this long after they came; 0: never
  std::uint64_t retention_mib = 0;         // the oldest are dropped beyond it; 0: no bound
  // Tiers, by the hours since spans came; see store::RetentionPolicy.
  std::uint64_t keep_all_hours = 0;       // all traces; 0: no tiers
  std::uint64_t keep_sample_hours = 0;    // then errors, slow ones, a sample; 0: errors at once
  std::uint64_t keep_sample_percent = 0;  // of the sample
  std::uint64_t keep_slow_ms = 0;         // a trace is slow from so much on; 0: none is
};

// One setting, under the same name everywhere: `query_listen` in the file,
// CLEW_COLLECTOR_QUERY_LISTEN in the environment, --query-listen as a flag.
struct Setting {
  std::string name;
  std::string help;
  std::function<std::string(Config&, const std::string& value)>
      set;  // empty, or what is wrong with the value
  std::function<std::string(const Config&)> get;
  std::string flag() const;         // "--query-listen"
  std::string environment() const;  // "CLEW_COLLECTOR_QUERY_LISTEN"
};
const std::vector<Setting>& Settings();

// Values of settings by name, and where they came from, for messages.
struct ConfigSource {
  std::string origin;
  std::map<std::string, std::string> values;
};

// The settings of a YAML file: a map of scalars. The error lists every key that is unknown or no
// scalar.
Result<ConfigSource> ReadConfigFile(const std::string& path);
// `get` is std::getenv, or a test's.
ConfigSource ReadEnvironment(const std::function<const char*(const char*)>& get);

store::RetentionPolicy PolicyOf(const Config& config);

// Later sources win. The error has a line for every value that is wrong, with its origin.
Result<Config> ResolveConfig(const std::vector<ConfigSource>& sources);

// YAML that ReadConfigFile reads back.
std::string PrintConfig(const Config& config);

}  // namespace clew::collector
