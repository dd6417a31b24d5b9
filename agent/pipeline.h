// The stages behind a source of events, in their order:
//
//   events -> ConnTable -> Exchange -> SpanBuilder -> Span -> Exporter -> OTLP
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "agent/config.h"
#include "agent/conn/conn_table.h"
#include "agent/export/exporter.h"
#include "agent/span/span_builder.h"
#include "base/counter.h"
#include "base/time.h"

namespace clew::agent {

class Pipeline {
 public:
  // `processes` gets the process records, `resources` is asked for who made a span. `now`: see
  // ConnTableOptions::clock.
  Pipeline(const AgentConfig& config, ClockSync clock, span::ResourceLookup& resources,
           conn::ProcessEventSink& processes, std::function<KernelNanos()> now);

  kernel::EventSink& entry() { return connections_; }
  void SetClock(ClockSync clock) { builder_.SetClock(clock); }
  // No event follows: exchanges that are still open come out, everything is sent for at most
  // `limit`. True when all of it was.
  bool Finish(std::chrono::milliseconds limit);

  // Spans that are not delivered yet. Any thread, like Counters.
  std::size_t pending() const { return exporter_.pending(); }
  std::vector<NamedCounter> Counters() const;

 private:
  exporting::Exporter exporter_;
  span::SpanBuilder builder_;
  conn::ConnTable connections_;
};

}  // namespace clew::agent
