// Exchange -> Span.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "agent/protocols/exchange.h"
#include "agent/span/redact.h"
#include "agent/span/resource_lookup.h"
#include "agent/span/route.h"
#include "agent/span/sampler.h"
#include "agent/span/span.h"
#include "base/counter.h"
#include "base/sink.h"
#include "base/time.h"

namespace clew::span {

struct SpanOptions {
  QueryPolicy query = QueryPolicy::kRedact;
  RouteLimits routes;
  double sample_ratio = 1.0;  // of new traces; the same as the kernel side's
};

// Runs on the ring thread, except Counters().
class SpanBuilder final : public Sink<protocols::Exchange> {
 public:
  // `resources` and `out` must outlive the builder.
  SpanBuilder(SpanOptions options, ClockSync clock, ResourceLookup& resources, Sink<Span>& out);

  // No span comes of an exchange whose trace is not sampled, nor of a request for which the
  // application's own SDK makes the span.
  void Push(protocols::Exchange exchange) override;
  // To be called about every minute: the wall clock is steered, the kernel's is not.
  void SetClock(ClockSync clock) { clock_ = clock; }

  std::vector<NamedCounter> Counters() const;

 private:
  bool GiveIds(protocols::TraceContext& context);

  const SpanOptions options_;
  const RatioSampler sampler_;
  ClockSync clock_;
  ResourceLookup& resources_;
  Sink<Span>& out_;
  RouteTable routes_;
  std::atomic<std::uint64_t> exchanges_{0}, server_spans_{0}, client_spans_{0}, unsampled_{0},
      adopted_{0}, incomplete_{0};
};

}  // namespace clew::span
