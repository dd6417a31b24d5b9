#include "cli/options.h"

#include <algorithm>
#include <vector>

#include "base/hex.h"
#include "cli/config_file.h"
#include "cli/time_text.h"

namespace clew::cli {
namespace {

constexpr char kDefaultPager[] = "less";

// A text and where it was written, for messages.
struct Setting {
  std::string value;
  std::string source;
};

class Merger {
 public:
  Merger(const Flags& flags, const Environment& environment, UnixNanos now)
      : flags_(flags), environment_(environment), now_(now) {}

  Result<Options> Merge() && {
    ReadFile();
    options_.command = flags_.command;
    options_.quiet = flags_.quiet;
    options_.ascii = flags_.ascii;
    MergePreferences();
    if (flags_.command == Command::kTrace) MergeTrace();
    if (flags_.command == Command::kExplain) MergeExplain();
    if (flags_.command == Command::kTraces) MergeTraces();
    if (flags_.command == Command::kOperations) options_.service = flags_.service;
    if (flags_.command == Command::kDependencies) MergeDependencies();
    if (errors_.empty()) return options_;
    std::string all;
    for (const std::string& error : errors_) all += (all.empty() ? "" : "\n") + error;
    return Error{Code::kInvalid, all};
  }

 private:
  // A file that was named has to be there; the default one need not.
  void ReadFile() {
    std::optional<std::string> named = flags_.config;
    if (!named) named = environment_("TRACECTL_CONFIG");
    path_ = named.value_or(DefaultPath());
    if (path_.empty()) return;
    auto file = ReadConfigFile(path_);
    if (file) {
      file_ = *std::move(file);
    } else if (named || file.error().code != Code::kNotFound) {
      errors_.push_back(file.error().message);
    }
  }

  std::string DefaultPath() const {
    if (const auto base = environment_("XDG_CONFIG_HOME")) return *base + "/tracectl/config.yaml";
    if (const auto home = environment_("HOME")) return *home + "/.config/tracectl/config.yaml";
    return {};
  }

  std::optional<Setting> Find(std::optional<std::string> Preferences::*field, const char* flag,
                              const char* variable) const {
    if (const auto& value = flags_.preferences.*field) return Setting{*value, flag};
    if (auto value = environment_(variable)) return Setting{*std::move(value), variable};
    if (const auto& value = file_.*field) return Setting{*value, path_};
    return std::nullopt;
  }

  void Refuse(const std::string& source, const std::string& why) {
    errors_.push_back(source + ": " + why);
  }

  void MergePreferences() {
    if (const auto server = Find(&Preferences::server, "--server", "TRACECTL_SERVER"))
      MergeServer(*server);
    if (const auto timeout = Find(&Preferences::timeout, "--timeout", "TRACECTL_TIMEOUT")) {
      const auto parsed = ParseDuration(timeout->value);
      if (!parsed) {
        Refuse(timeout->source, parsed.error().message);
      } else if (parsed->count() <= 0) {
        Refuse(timeout->source, "a time limit of zero leaves no time for an answer");
      } else {
        options_.timeout = *parsed;
      }
    }
    if (const auto color = Find(&Preferences::color, "--color", "TRACECTL_COLOR")) {
      MergeChoice(*color, {"auto", "always", "never"},
                  {ColourMode::kAuto, ColourMode::kAlways, ColourMode::kNever}, options_.colour);
    }
    if (const auto output = Find(&Preferences::output, "--output", "TRACECTL_OUTPUT"))
      MergeOutput(*output);
    MergePager();
  }

  template <typename T>
  void MergeChoice(const Setting& setting, const std::vector<std::string>& names,
                   const std::vector<T>& values, T& out) {
    const auto name = std::find(names.begin(), names.end(), setting.value);
    if (name != names.end()) {
      out = values[static_cast<std::size_t>(name - names.begin())];
      return;
    }
    std::string all;
    for (const std::string& each : names) all += (all.empty() ? "" : ", ") + each;
    Refuse(setting.source, "'" + setting.value + "' is none of " + all);
  }

  // A host alone gets our port; an IPv6 address needs its brackets, else its last group would be
  // taken for one.
  void MergeServer(const Setting& server) {
    std::string address = server.value;
    const bool unix_socket = address.starts_with("unix:");
    if (!unix_socket) {
      const std::size_t bracket = address.rfind(']');
      const std::size_t colon = address.find(':', bracket == std::string::npos ? 0 : bracket);
      if (colon == std::string::npos) {
        address += ":7317";
      } else if (!IsPort(std::string_view(address).substr(colon + 1)) || colon == 0) {
        return Refuse(server.source, "'" + server.value + "' is no HOST:PORT");
      }
    }
    if (address.size() > 300 || server.value.empty())
      return Refuse(server.source, "no address of a server");
    options_.server = address;
  }

  static bool IsPort(std::string_view text) {
    if (text.empty() || text.size() > 5) return false;
    int port = 0;
    for (const char c : text) {
      if (c < '0' || c > '9') return false;
      port = port * 10 + (c - '0');
    }
    return port >= 1 && port <= 65535;
  }

  // A format from the environment or the file is a wish for all commands; those that cannot grant
  // it write a table.
  void MergeOutput(const Setting& output) {
    Format format = Format::kTable;
    MergeChoice(output, {"table", "wide", "json", "jsonl", "otlp", "name"},
                {Format::kTable, Format::kWide, Format::kJson, Format::kJsonLines, Format::kOtlp,
                 Format::kName},
                format);
    const bool can = format == Format::kOtlp   ? flags_.command == Command::kTrace
                     : format == Format::kName ? flags_.command != Command::kStatus &&
                                                     flags_.command != Command::kExplain &&
                                                     flags_.command != Command::kDependencies
                                               : true;
    if (can) {
      options_.format = format;
    } else if (flags_.preferences.output) {
      Refuse(output.source, "this command has no output format '" + output.value + "'");
    }
  }

  void MergePager() {
    if (flags_.no_pager) return;
    const auto own = Find(&Preferences::pager, "", "TRACECTL_PAGER");
    options_.pager = own ? own->value : environment_("PAGER").value_or(kDefaultPager);
    if (options_.pager == "cat") options_.pager.clear();
  }

  void MergeTrace() {
    MergeTraceId("ID", flags_.trace_id);
    options_.all_spans = flags_.all_spans;
  }

  void MergeTraceId(const char* source, std::string id) {
    const std::string given = id;
    std::transform(id.begin(), id.end(), id.begin(),
                   [](char c) { return c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c; });
    if (!IsLowerHex(id) || id.size() < 8 || id.size() > 32) {
      return Refuse(
          source, "'" + given +
                      "' is no trace id: it has 32 hex digits, of which the first 8 or more will do");
    }
    options_.trace_id = id;
  }

  void MergeExplain() {
    constexpr std::chrono::hours kUsual{1};
    const std::size_t colon = flags_.span.find(':');
    const bool has_trace = colon != std::string::npos;
    if (has_trace) MergeTraceId("SPAN", flags_.span.substr(0, colon));
    const auto span = SpanId::FromHex(has_trace ? flags_.span.substr(colon + 1) : flags_.span);
    if (span && span->valid()) {
      options_.span_id = *span;
    } else {
      Refuse("SPAN", "'" + flags_.span + "' is no span id: it has 16 hex digits");
    }
    MergeTimes();
    if (!options_.filter.from) options_.filter.from = now_ - kUsual;
  }

  void MergeTimes() {
    TraceFilter& filter = options_.filter;
    if (flags_.since && flags_.from)
      Refuse("--since", "and --from both say where to begin: give one of them");
    if (const auto since = Duration("--since", flags_.since)) filter.from = now_ - *since;
    if (const auto from = Time("--from", flags_.from)) filter.from = *from;
    if (const auto to = Time("--to", flags_.to)) filter.to = *to;
    if (filter.from && filter.to && *filter.from > *filter.to)
      Refuse("--to", "is before the time to begin at");
  }

  void MergeDependencies() {
    constexpr std::chrono::hours kUsual{24};
    MergeTimes();
    if (!options_.filter.from) options_.filter.from = now_ - kUsual;
  }

  void MergeTraces() {
    TraceFilter& filter = options_.filter;
    filter.service = flags_.service;
    filter.operation = flags_.operation;
    filter.errors = flags_.errors;
    filter.order = flags_.order == "slowest" ? Order::kSlowest : Order::kNewest;
    filter.limit = flags_.limit;
    filter.page = flags_.page;
    filter.all = flags_.all;
    for (const std::string& word : flags_.query) {
      filter.query += (filter.query.empty() ? "" : " ") + word;
    }
    MergeTimes();
    filter.min_duration =
        Duration("--min-duration", flags_.min_duration).value_or(filter.min_duration);
    filter.max_duration =
        Duration("--max-duration", flags_.max_duration).value_or(filter.max_duration);
    if (filter.max_duration.count() > 0 && filter.max_duration < filter.min_duration) {
      Refuse("--max-duration", "is below --min-duration");
    }
  }

  std::optional<std::chrono::nanoseconds> Duration(const char* flag,
                                                   const std::optional<std::string>& text) {
    if (!text) return std::nullopt;
    const auto parsed = ParseDuration(*text);
    if (parsed) return *parsed;
    Refuse(flag, parsed.error().message);
    return std::nullopt;
  }

  std::optional<UnixNanos> Time(const char* flag, const std::optional<std::string>& text) {
    if (!text) return std::nullopt;
    const auto parsed = ParseTime(*text, now_);
    if (parsed) return *parsed;
    Refuse(flag, parsed.error().message);
    return std::nullopt;
  }

  const Flags& flags_;
  const Environment& environment_;
  const UnixNanos now_;
  Preferences file_;
  std::string path_;
  Options options_;
  std::vector<std::string> errors_;
};

}  // namespace

Result<Options> MakeOptions(const Flags& flags, const Environment& environment, UnixNanos now) {
  return Merger(flags, environment, now).Merge();
}

}  // namespace clew::cli
