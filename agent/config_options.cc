#include "agent/config_options.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/duration.h"

namespace clew::agent {
namespace {

using std::chrono::milliseconds;

Error Expected(const std::string& what, const std::string& text) {
  return Error{Code::kInvalid, "'" + text + "' is not " + what};
}

template <typename T>
bool ParseNumber(const std::string& text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

std::string Joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

struct Setter {
  const std::string& text;

  Status operator()(std::string* field) const {
    *field = text;
    return {};
  }
  Status operator()(std::uint64_t* field) const {
    if (!ParseNumber(text, *field)) return Expected("a number of 0 or more", text);
    return {};
  }
  Status operator()(double* field) const {
    if (!ParseNumber(text, *field) || !std::isfinite(*field)) return Expected("a number", text);
    return {};
  }
  Status operator()(milliseconds* field) const {
    const auto parsed = ParseDuration(text);
    if (!parsed) return parsed.error();
    *field = std::chrono::round<milliseconds>(*parsed);
    return {};
  }
  Status operator()(const OneOf& field) const {
    if (std::find(field.words.begin(), field.words.end(), text) == field.words.end()) {
      return Expected("one of: " + Joined(field.words), text);
    }
    *field.value = text;
    return {};
  }
  Status operator()(std::vector<std::string>*) const { return {}; }  // set as a whole
};

struct Getter {
  std::vector<std::string> operator()(const std::string* field) const { return {*field}; }
  std::vector<std::string> operator()(const std::vector<std::string>* field) const {
    return *field;
  }
  std::vector<std::string> operator()(const std::uint64_t* field) const {
    return {std::to_string(*field)};
  }
  std::vector<std::string> operator()(const double* field) const {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof(text), *field).ptr;
    return {std::string(text, end)};
  }
  std::vector<std::string> operator()(const milliseconds* field) const {
    return {FormatDuration(*field)};
  }
  std::vector<std::string> operator()(const OneOf& field) const { return {*field.value}; }
};

}  // namespace

std::string FormatDuration(milliseconds duration) {
  const bool whole_seconds = duration.count() % 1000 == 0;
  return whole_seconds ? std::to_string(duration.count() / 1000) + "s"
                       : std::to_string(duration.count()) + "ms";
}

std::string Option::Variable() const {
  std::string name = flag.empty() ? key : flag.substr(2);
  for (char& c : name)
    c = c == '-' || c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return "CLEW_AGENT_" + name;
}

Status Option::Set(const std::vector<std::string>& values) const {
  if (const auto* list = std::get_if<std::vector<std::string>*>(&binding)) {
    **list = values;
    return {};
  }
  if (values.size() != 1) return Error{Code::kInvalid, "takes one value"};
  return std::visit(Setter{values[0]}, binding);
}

std::vector<std::string> Option::Get() const { return std::visit(Getter{}, binding); }

std::vector<Option> OptionsOf(AgentConfig& c) {
  return {
      {"select.cgroups", "--cgroup",
       "trace the processes of this cgroup and below it (repeatable; PATH or PATH=SERVICE)",
       &c.cgroups},
      {"select.pids", "--pid",
       "trace this process and its descendants (repeatable; N or N=SERVICE)", &c.pids},
      {"select.exes", "--exe",
       "trace executables that match this pattern (repeatable; GLOB or GLOB=SERVICE)", &c.exes},
      {"select.ports", "--port",
       "trace the processes that listen on this TCP port (repeatable; N or N=SERVICE)", &c.ports},
      {"select.exclude_exes", "--exclude-exe",
       "never trace executables that match this pattern (repeatable)", &c.exclude_exes},
      {"select.service_name", "--service-name",
       "service.name of everything that is traced, instead of what is found out", &c.service_name},
      {"select.scan_interval", "", "how often /proc is searched for what selectors name",
       &c.scan_interval},
      {"capture.backend", "--capture",
       "how bytes are seen: auto, socket (kernel 6.3 and later) or syscall",
       OneOf{&c.capture, {"auto", "socket", "syscall"}}},
      {"capture.ring_bytes", "", "size of the ring buffer, a power of two", &c.ring_bytes},
      {"capture.max_connections", "", "connections that are followed at a time",
       &c.max_connections},
      {"capture.max_processes", "", "processes that are followed at a time", &c.max_processes},
      {"inject.mode", "--inject",
       "whether outgoing requests get a traceparent header: auto (when the self-test finds it "
       "harmless), on or off",
       OneOf{&c.inject, {"auto", "on", "off"}}},
      {"inject.attach_cgroups", "--attach-cgroup",
       "cgroup in which sockets are watched for injection (repeatable; default: those of --cgroup, "
       "else the root)",
       &c.attach_cgroups},
      {"inject.skip_ports", "", "server ports whose connections are never injected", &c.skip_ports},
      {"inject.fionread_users", "", "further executables that use ioctl(FIONREAD) on sockets",
       &c.fionread_users},
      {"inject.fionread_never", "", "further executables that do not", &c.fionread_never},
      {"inject.tcp_option", "--tcp-option",
       "whether requests that get no header carry their context in a TCP option, for agents at the "
       "other end: auto (when the self-test finds it harmless) or off",
       OneOf{&c.tcp_option, {"auto", "off"}}},
      {"inject.tcp_option_networks", "--tcp-option-networks",
       "network to which TCP options are sent and from which they are taken (repeatable; default: "
       "loopback and private ones; none: nowhere)",
       &c.tcp_option_networks},
      {"causality.runtimes", "--runtime",
       "a runtime that is asked for whom it works, to link its calls to its requests (repeatable: "
       "nginx, node, asyncio, executor, go, java, handback; or all, or none)",
       &c.runtimes},
      {"causality.runtime_rest", "--runtime-rest",
       "how long a process makes no call until probes that cost it something are taken away",
       &c.runtime_rest},
      {"trace.sample_ratio", "--sample-ratio", "share of new traces that is kept, from 0 to 1",
       &c.sample_ratio},
      {"trace.started_threads", "--started-threads",
       "off, or on: threads that serve a request start others for that request alone",
       OneOf{&c.started_threads, {"off", "on"}}},
      {"trace.query_values", "",
       "values in the query of a URL: redact, keep (except known secrets) or drop",
       OneOf{&c.query_values, {"redact", "keep", "drop"}}},
      {"export.endpoints", "--endpoint",
       "collector, HOST:PORT of OTLP/gRPC (repeatable: the next is used when one fails)",
       &c.endpoints},
      {"export.batch_spans", "", "spans of one export request", &c.batch_spans},
      {"export.batch_delay", "", "how long a span waits for its batch to fill", &c.batch_delay},
      {"export.queue_spans", "",
       "spans that wait while no collector takes them; beyond it, errors and slow ones are kept "
       "first",
       &c.queue_spans},
      {"export.timeout", "", "of one export request", &c.export_timeout},
      {"export.shutdown_timeout", "", "how long the agent tries to send what is left when it ends",
       &c.shutdown_timeout},
      {"export.slow_span", "", "from this duration on a span is kept before others", &c.slow_span},
      {"metrics.listen", "--metrics-listen",
       "HOST:PORT of /metrics, /healthz and /readyz; empty: none", &c.metrics_listen},
      {"log.level", "--log-level", "debug, info, warn or error",
       OneOf{&c.log_level, {"debug", "info", "warn", "error"}}},
      {"record", "--record",
       "write everything that is captured to this file: it holds payloads, keep it safe",
       &c.record},
      {"replay", "--replay", "read such a file instead of tracing, then exit; needs no privileges",
       &c.replay},
  };
}

}  // namespace clew::agent
