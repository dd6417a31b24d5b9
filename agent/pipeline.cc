#include "agent/pipeline.h"

#include <utility>

namespace clew::agent {
namespace {

exporting::ExportOptions ExportOptionsOf(const AgentConfig& config) {
  exporting::ExportOptions options;
  options.endpoints = config.endpoints;
  options.batch_spans = config.batch_spans;
  options.batch_delay = config.batch_delay;
  options.queue.spans = config.queue_spans;
  options.timeout = config.export_timeout;
  options.slow_span = config.slow_span;
  return options;
}

span::SpanOptions SpanOptionsOf(const AgentConfig& config) {
  span::SpanOptions options;
  options.sample_ratio = config.sample_ratio;
  if (config.query_values == "keep") options.query = span::QueryPolicy::kKeep;
  if (config.query_values == "drop") options.query = span::QueryPolicy::kDrop;
  return options;
}

conn::ConnTableOptions ConnOptionsOf(const AgentConfig& config, std::function<KernelNanos()> now) {
  conn::ConnTableOptions options;
  options.max_connections = config.max_connections;
  options.clock = std::move(now);
  return options;
}

}  // namespace

Pipeline::Pipeline(const AgentConfig& config, ClockSync clock, span::ResourceLookup& resources,
                   conn::ProcessEventSink& processes, std::function<KernelNanos()> now)
    : exporter_(ExportOptionsOf(config)),
      builder_(SpanOptionsOf(config), clock, resources, exporter_),
      connections_(ConnOptionsOf(config, std::move(now)), builder_, processes) {}

bool Pipeline::Finish(std::chrono::milliseconds limit) {
  connections_.Flush();
  return exporter_.Shutdown(limit);
}

std::vector<NamedCounter> Pipeline::Counters() const {
  std::vector<NamedCounter> all = connections_.Counters();
  for (const auto& stage : {builder_.Counters(), exporter_.Counters()})
    all.insert(all.end(), stage.begin(), stage.end());
  return all;
}

}  // namespace clew::agent
