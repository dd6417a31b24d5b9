#include "agent/span/span_builder.h"

#include <algorithm>
#include <utility>

#include "agent/span/http_span.h"
#include "agent/span/target.h"

namespace clew::span {
namespace {

using protocols::Exchange;
using protocols::Role;

constexpr std::uint8_t kSampledFlag = 1;
constexpr int kNotFound = 404;

void Increment(std::atomic<std::uint64_t>& counter) {
  // One writer: no locked instruction needed.
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

SpanBuilder::SpanBuilder(SpanOptions options, ClockSync clock, ResourceLookup& resources,
                         Sink<Span>& out)
    : options_(options),
      sampler_(options.sample_ratio),
      clock_(clock),
      resources_(resources),
      out_(out),
      routes_(options.routes) {}

// Ids for an exchange that nobody gave any. False when its trace is not sampled.
bool SpanBuilder::GiveIds(protocols::TraceContext& context) {
  if (!context.span_id.valid()) context.span_id = SpanId::Random();
  if (!context.trace_id.valid()) {
    context.trace_id = TraceId::Random();
    context.parent_id = {};
    context.origin = CLEW_ORIGIN_NEW;
    context.flags |= kSampledFlag;
  }
  if ((context.flags & kSampledFlag) == 0) return false;
  // New traces that the kernel side began have passed the same test there.
  return context.origin != CLEW_ORIGIN_NEW || sampler_.Sampled(context.trace_id);
}

void SpanBuilder::Push(Exchange exchange) {
  Increment(exchanges_);
  if (exchange.role == Role::kClient && exchange.context.origin == CLEW_ORIGIN_ADOPTED)
    return Increment(adopted_);
  if (!GiveIds(exchange.context)) return Increment(unsampled_);
  if (exchange.incomplete) Increment(incomplete_);
  const bool server = exchange.role == Role::kServer;
  Increment(server ? server_spans_ : client_spans_);

  Span span;
  span.resource = resources_.Lookup(exchange.tgid);
  span.trace_id = exchange.context.trace_id;
  span.span_id = exchange.context.span_id;
  span.parent_id = exchange.context.parent_id;
  span.parent_is_remote = server && span.parent_id.valid();
  span.trace_flags = exchange.context.flags;
  span.trace_state = std::move(exchange.context.trace_state);
  span.kind = server ? Kind::kServer : Kind::kClient;
  span.start = clock_.ToUnix(exchange.request_start);
  // Without a response the span ends with the last thing that happened.
  const KernelNanos end = std::max({exchange.request_start, exchange.request_end,
                                    exchange.response_start, exchange.response_end});
  span.end = span.start + (end - exchange.request_start);

  std::string route;
  if (server) {
    const Target target = ParseTarget(exchange.method, exchange.target);
    const bool learn = exchange.status_code > 0 && exchange.status_code != kNotFound;
    route = routes_.Route(span.resource->service_name, target.path, learn);
  }
  DescribeHttp(exchange, route, options_.query, span);
  out_.Push(std::move(span));
}

std::vector<NamedCounter> SpanBuilder::Counters() const {
  const auto value = [](const std::atomic<std::uint64_t>& counter) {
    return counter.load(std::memory_order_relaxed);
  };
  return {
      {"exchanges", "Requests that were parsed, with their response if one came",
       value(exchanges_)},
      {"spans_server", "SERVER spans made", value(server_spans_)},
      {"spans_client", "CLIENT spans made", value(client_spans_)},
      {"exchanges_unsampled", "Exchanges without a span because their trace is not sampled",
       value(unsampled_)},
      {"exchanges_adopted", "Requests whose CLIENT span is made by the application's own SDK",
       value(adopted_)},
      {"exchanges_incomplete", "Exchanges that ended before their response was whole",
       value(incomplete_)},
  };
}

}  // namespace clew::span
