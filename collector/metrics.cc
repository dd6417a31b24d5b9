#include "collector/metrics.h"

#include <prometheus/text_serializer.h>

#include <vector>

namespace clew::collector {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// A family in the making: one sample, or one per label value.
class Family {
 public:
  Family(std::vector<MetricFamily>& all, MetricType type, const char* name, const char* help)
      : family_(all.emplace_back()) {
    family_.name = std::string("clew_collector_") + name;
    family_.help = help;
    family_.type = type;
  }
  Family& Add(double value, const char* label = nullptr, std::string_view label_value = {}) {
    ClientMetric& metric = family_.metric.emplace_back();
    if (label != nullptr) metric.label.push_back({label, std::string(label_value)});
    metric.counter.value = value;
    metric.gauge.value = value;
    return *this;
  }

 private:
  MetricFamily& family_;
};

double Value(const Counters::Counter& counter) { return static_cast<double>(counter.load()); }

}  // namespace

std::string RenderMetrics(const Counters& counters, const store::StoreStats& store,
                          const store::RocksStore::Health& health, std::size_t bytes_in_flight) {
  std::vector<MetricFamily> all;
  const auto counter = [&](const char* name, const char* help) {
    return Family(all, MetricType::Counter, name, help);
  };
  const auto gauge = [&](const char* name, const char* help, double value) {
    Family(all, MetricType::Gauge, name, help).Add(value);
  };
  counter("requests_total", "Export requests by how they were answered.")
      .Add(Value(counters.requests_stored), "result", "stored")
      .Add(Value(counters.requests_malformed), "result", "malformed")
      .Add(Value(counters.requests_overloaded), "result", "overloaded")
      .Add(Value(counters.requests_failed), "result", "failed");
  counter("spans_received_total", "Spans in well-formed requests.")
      .Add(Value(counters.spans_received));
  counter("spans_accepted_total", "Spans acknowledged as durable, repeated ones included.")
      .Add(Value(counters.spans_accepted));
  Family rejected = counter("spans_rejected_total", "Spans refused by partial success.");
  for (std::size_t i = 0; i < receiver::kRejectReasons; ++i) {
    rejected.Add(Value(counters.spans_rejected[i]), "reason",
                 receiver::kRejectReasonTexts[i].label);
  }
  counter("received_bytes_total", "Bytes of export requests, decompressed.")
      .Add(Value(counters.bytes_received));
  counter("commits_total", "Synced writes to the store.").Add(Value(counters.commits));
  counter("commit_seconds_total", "Time spent in synced writes.")
      .Add(Value(counters.commit_nanoseconds) * 1e-9);
  counter("traces_joined_total", "Traces that were found to belong to another one.")
      .Add(static_cast<double>(store.joins.joined), "by", "wire")
      .Add(static_cast<double>(store.joins.claimed), "by", "agent");
  counter("traces_not_joined_total", "Ends of calls, and claims, that led to nothing.")
      .Add(static_cast<double>(store.joins.unmatched), "reason", "no_other_end")
      .Add(static_cast<double>(store.joins.ambiguous), "reason", "ambiguous")
      .Add(static_cast<double>(store.joins.refused), "reason", "refused");
  gauge("in_flight_bytes", "Bytes of requests that are not answered yet.",
        static_cast<double>(bytes_in_flight));
  gauge("stored_spans", "Spans in the store.", static_cast<double>(store.spans));
  gauge("stored_traces", "Traces in the store.", static_cast<double>(store.traces));
  gauge("stored_bytes", "Bytes of the store on disk.", static_cast<double>(store.bytes_on_disk));
  gauge("store_writable", "0 after a failed write, until the store has recovered.",
        health.writable ? 1 : 0);
  counter("store_reopens_total", "Times that the store was opened again after a failed write.")
      .Add(static_cast<double>(health.reopens));

  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace clew::collector
