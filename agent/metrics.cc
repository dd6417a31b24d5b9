#include "agent/metrics.h"

#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <sstream>

namespace clew::agent {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// Counters whose name begins with `prefix` are one family; the rest of the name is the value of
// `label`.
struct Grouping {
  std::string_view prefix;
  const char* family;
  const char* label;
  const char* help;
};
// The first that matches counts.
constexpr Grouping kGroupings[] = {
    {"drop_", "kernel_drops", "reason", "What the kernel side lost, by reason."},
    {"inject_skip_", "injection_skips", "reason",
     "Outgoing requests that got no traceparent header, by reason."},
    {"inject_none", "injection_skips", "reason",
     "Outgoing requests that got no traceparent header, by reason."},
    {"inject_adopted", "injection_skips", "reason",
     "Outgoing requests that got no traceparent header, by reason."},
    {"inject_", "injections", "outcome",
     "Outgoing requests whose traceparent header names our span, by how."},
    {"spans_dropped_", "spans_dropped", "reason",
     "Spans that were made and not delivered, by reason."},
    {"spans_server", "spans", "kind", "Spans made, by kind."},
    {"spans_client", "spans", "kind", "Spans made, by kind."},
};

std::string LabelValue(const Grouping& grouping, std::string_view name) {
  if (name != grouping.prefix) return std::string(name.substr(grouping.prefix.size()));
  return std::string(
      name.substr(name.find('_') + 1));  // an exact name: "inject_adopted" -> "adopted"
}

class Families {
 public:
  void Add(MetricType type, const std::string& name, std::string_view help, double value,
           const char* label = nullptr, std::string label_value = {}) {
    const auto [at, inserted] = index_.try_emplace(name, families_.size());
    if (inserted)
      families_.push_back({.name = name, .help = std::string(help), .type = type, .metric = {}});
    ClientMetric metric;
    if (label != nullptr) metric.label.push_back({label, std::move(label_value)});
    metric.counter.value = value;
    metric.gauge.value = value;
    families_[at->second].metric.push_back(std::move(metric));
  }
  std::string Text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return out.str();
  }

 private:
  std::map<std::string, std::size_t> index_;
  std::vector<MetricFamily> families_;
};

double ResidentBytes() {
  unsigned long size = 0;
  unsigned long resident = 0;
  if (std::FILE* statm = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(statm, "%lu %lu", &size, &resident) != 2) resident = 0;
    std::fclose(statm);
  }
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

std::string RenderMetrics(const std::vector<NamedCounter>& counters,
                          const std::vector<NamedCounter>& gauges) {
  const std::string prefix = "clew_agent_";
  Families families;
  for (const NamedCounter& counter : counters) {
    const auto value = static_cast<double>(counter.value);
    const auto grouping =
        std::find_if(std::begin(kGroupings), std::end(kGroupings),
                     [&](const Grouping& g) { return counter.name.starts_with(g.prefix); });
    if (grouping == std::end(kGroupings)) {
      families.Add(MetricType::Counter, prefix + std::string(counter.name) + "_total", counter.help,
                   value);
    } else {
      families.Add(MetricType::Counter, prefix + grouping->family + "_total", grouping->help, value,
                   grouping->label, LabelValue(*grouping, counter.name));
    }
  }
  for (const NamedCounter& gauge : gauges) {
    families.Add(MetricType::Gauge, prefix + std::string(gauge.name), gauge.help,
                 static_cast<double>(gauge.value));
  }
  families.Add(MetricType::Gauge, "process_resident_memory_bytes", "Resident memory in bytes.",
               ResidentBytes());
  families.Add(MetricType::Counter, "process_cpu_seconds_total",
               "User and system CPU time in seconds.", CpuSeconds());
  return families.Text();
}

}  // namespace clew::agent
