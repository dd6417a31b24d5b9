#include "collector/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/log.h"

namespace clew::collector {
namespace {

constexpr std::uint64_t kMaxMib = 1 << 20;  // a TiB

template <typename T>
std::optional<T> ParseNumber(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string CheckAddress(const std::string& value) {
  const std::size_t colon = value.rfind(':');
  const auto port = colon == std::string::npos
                        ? std::nullopt
                        : ParseNumber<std::uint16_t>(std::string_view(value).substr(colon + 1));
  if (!port || colon == 0) return "is not HOST:PORT";
  return {};
}

std::string CheckDirectory(const std::string& value) { return value.empty() ? "is empty" : ""; }

std::string CheckLogLevel(const std::string& value) {
  LogLevel level;
  return ParseLogLevel(value, level) ? "" : "is none of debug, info, warn, error";
}

Setting Text(const char* name, const char* help, std::string Config::*member,
             std::string (*check)(const std::string&)) {
  return {name, help,
          [=](Config& config, const std::string& value) {
            std::string wrong = check(value);
            if (wrong.empty()) config.*member = value;
            return wrong;
          },
          [=](const Config& config) { return config.*member; }};
}

Setting Number(const char* name, const char* help, std::uint64_t Config::*member, std::uint64_t min,
               std::uint64_t max = kMaxMib) {
  return {name, help,
          [=](Config& config, const std::string& value) -> std::string {
            const auto number = ParseNumber<std::uint64_t>(value);
            if (!number || *number < min || *number > max) {
              return "is not a number from " + std::to_string(min) + " to " + std::to_string(max);
            }
            config.*member = *number;
            return {};
          },
          [=](const Config& config) { return std::to_string(config.*member); }};
}

// What is wrong with the tiers together, a line each.
std::string CheckTiers(const Config& config) {
  const bool sample_is_set = config.keep_sample_percent > 0 || config.keep_slow_ms > 0;
  std::string wrong;
  if (config.keep_sample_hours > 0 && config.keep_all_hours == 0) {
    wrong += "keep_sample_hours is set without keep_all_hours, after which it begins\n";
  } else if (config.keep_sample_hours > 0 && config.keep_sample_hours <= config.keep_all_hours) {
    wrong += "keep_sample_hours is not more than keep_all_hours: both count from when spans came\n";
  }
  if (config.keep_sample_hours > 0 && !sample_is_set) {
    wrong +=
        "keep_sample_hours is set without keep_sample_percent or keep_slow_ms: it would keep "
        "nothing but errors\n";
  }
  if (config.keep_sample_hours == 0 && sample_is_set) {
    wrong += "keep_sample_percent and keep_slow_ms do nothing without keep_sample_hours\n";
  }
  const std::uint64_t tiers = std::max(config.keep_all_hours, config.keep_sample_hours);
  if (config.retention_hours > 0 && tiers > config.retention_hours) {
    wrong += "retention_hours is less than the tiers before it: they would never end\n";
  }
  return wrong;
}

std::string Upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

std::string Setting::flag() const {
  std::string flag = "--" + name;
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}
std::string Setting::environment() const { return "CLEW_COLLECTOR_" + Upper(name); }

const std::vector<Setting>& Settings() {
  // gRPC keeps a message's size in an int.
  constexpr std::uint64_t kMaxMessageMib = 2047;
  constexpr std::uint64_t kMaxRetentionHours = 1'000'000;
  constexpr std::uint64_t kMaxSlowMs = 1'000'000'000;
  static const std::vector<Setting> settings = {
      Text("listen", "HOST:PORT for OTLP/gRPC; port 0 takes a free one", &Config::listen,
           CheckAddress),
      Text("query_listen", "HOST:PORT for queries (tracectl)", &Config::query_listen, CheckAddress),
      Text("metrics_listen", "HOST:PORT for /metrics, /healthz and /readyz", &Config::metrics_listen,
           CheckAddress),
      Text("data_dir", "directory of the span store", &Config::data_dir, CheckDirectory),
      Text("log_level", "debug, info, warn or error", &Config::log_level, CheckLogLevel),
      Number("max_message_mib", "largest export request, MiB", &Config::max_message_mib, 1,
             kMaxMessageMib),
      Number("max_in_flight_mib", "requests held at once before senders are told to wait, MiB",
             &Config::max_in_flight_mib, 1),
      Number("min_free_disk_mib", "stop writing when the disk has less, MiB",
             &Config::min_free_disk_mib, 0),
      Number("shed_free_disk_mib", "drop the oldest spans when the disk has less, MiB",
             &Config::shed_free_disk_mib, 0),
      Number("retention_hours", "drop spans this long after they came; 0 keeps them",
             &Config::retention_hours, 0, kMaxRetentionHours),
      Number("keep_all_hours",
             "keep every trace so long, then only some: see the following; 0 keeps every trace",
             &Config::keep_all_hours, 0, kMaxRetentionHours),
      Number("keep_sample_hours",
             "keep traces with errors, slow ones and a sample until so long after they came, then "
             "only those with errors; 0 keeps only those with errors after keep_all_hours",
             &Config::keep_sample_hours, 0, kMaxRetentionHours),
      Number("keep_sample_percent", "how many of the other traces are in the sample, per cent",
             &Config::keep_sample_percent, 0, 100),
      Number("keep_slow_ms", "traces that took so long are slow; 0: none is", &Config::keep_slow_ms,
             0, kMaxSlowMs),
      Number("retention_mib", "drop the oldest spans beyond so many MiB; 0 is no bound",
             &Config::retention_mib, 0),
  };
  return settings;
}

Result<ConfigSource> ReadConfigFile(const std::string& path) {
  ConfigSource source{path, {}};
  std::string wrong;
  try {
    const YAML::Node file = YAML::LoadFile(path);
    if (!file.IsNull() && !file.IsMap()) {
      return Error{Code::kInvalid, path + ": not a map of settings"};
    }
    for (const auto& entry : file) {
      const auto name = entry.first.as<std::string>();
      const bool known = std::any_of(Settings().begin(), Settings().end(),
                                     [&](const Setting& setting) { return setting.name == name; });
      if (!known) {
        wrong += path + ": " + name + " is not a setting\n";
      } else if (!entry.second.IsScalar()) {
        wrong += path + ": " + name + " is not a single value\n";
      } else {
        source.values[name] = entry.second.as<std::string>();
      }
    }
  } catch (const YAML::Exception& error) {
    return Error{Code::kInvalid, path + ": " + error.what()};
  }
  if (wrong.empty()) return source;
  wrong.pop_back();
  return Error{Code::kInvalid, wrong};
}

ConfigSource ReadEnvironment(const std::function<const char*(const char*)>& get) {
  ConfigSource source{"environment", {}};
  for (const Setting& setting : Settings()) {
    if (const char* const value = get(setting.environment().c_str())) {
      source.values[setting.name] = value;
    }
  }
  return source;
}

Result<Config> ResolveConfig(const std::vector<ConfigSource>& sources) {
  Config config;
  std::string wrong;
  for (const ConfigSource& source : sources) {
    for (const Setting& setting : Settings()) {
      const auto value = source.values.find(setting.name);
      if (value == source.values.end()) continue;
      const std::string why = setting.set(config, value->second);
      if (why.empty()) continue;
      wrong += source.origin + ": " + setting.name + " \"" + value->second + "\" " + why + "\n";
    }
  }
  if (config.max_in_flight_mib < config.max_message_mib) {
    wrong +=
        "max_in_flight_mib is less than max_message_mib: the largest request would never fit\n";
  }
  wrong += CheckTiers(config);
  if (wrong.empty()) return config;
  wrong.pop_back();
  return Error{Code::kInvalid, wrong};
}

store::RetentionPolicy PolicyOf(const Config& config) {
  constexpr std::uint64_t kMiB = 1 << 20;
  return {.max_age = std::chrono::hours(config.retention_hours),
          .max_bytes = config.retention_mib * kMiB,
          .min_free_bytes = config.shed_free_disk_mib * kMiB,
          .keep_all = std::chrono::hours(config.keep_all_hours),
          .keep_sample = std::chrono::hours(config.keep_sample_hours),
          .sample_percent = static_cast<std::uint32_t>(config.keep_sample_percent),
          .slow = std::chrono::milliseconds(config.keep_slow_ms)};
}

std::string PrintConfig(const Config& config) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  for (const Setting& setting : Settings()) {
    out << YAML::Key << setting.name << YAML::Value << setting.get(config)
        << YAML::Comment(setting.help);
  }
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace clew::collector
