// What a span costs from exchange to bytes. Budget: build and encode together under 2 us on one
// core.
#include <benchmark/benchmark.h>
#include <sys/socket.h>

#include "agent/export/exporter.h"
#include "agent/export/otlp_encoder.h"
#include "agent/span/span_builder.h"

namespace {

using namespace clew;  // NOLINT(google-build-using-namespace): a program, not a library

class OneResource : public span::ResourceLookup {
 public:
  OneResource() {
    auto resource = std::make_shared<span::Resource>();
    resource->service_name = "orders";
    for (int i = 0; i < 12; ++i)
      resource->attributes.emplace_back("resource.attribute." + std::to_string(i), "some value");
    resource_ = resource;
  }
  std::shared_ptr<const span::Resource> Lookup(std::uint32_t) override { return resource_; }

 private:
  std::shared_ptr<const span::Resource> resource_;
};

protocols::Exchange MakeExchange(protocols::Role role) {
  protocols::Exchange exchange;
  exchange.role = role;
  exchange.conn.family = AF_INET;
  exchange.conn.local = {"10.0.0.1", 8080};
  exchange.conn.remote = {"10.0.0.2", 50123};
  exchange.tgid = 1;
  exchange.tid = 2;
  exchange.context.trace_id = TraceId::Random();
  exchange.context.span_id = SpanId::Random();
  exchange.context.parent_id = SpanId::Random();
  exchange.context.flags = 1;
  exchange.request_start = KernelNanos(std::chrono::seconds(100));
  exchange.response_end = KernelNanos(std::chrono::seconds(100) + std::chrono::milliseconds(3));
  exchange.protocol_version = "1.1";
  exchange.method = "GET";
  exchange.target = "/api/v1/orders/8f14e45fceea167a/items?page=2&user=bob";
  exchange.host = "orders.internal:8080";
  exchange.user_agent = "python-requests/2.28.1";
  exchange.scheme = "http";
  exchange.status_code = 200;
  exchange.request_body_size = 0;
  exchange.response_body_size = 2048;
  return exchange;
}

class EncodingSink : public Sink<span::Span> {
 public:
  void Push(span::Span span) override {
    scratch_.clear();
    exporting::EncodeSpan(span, scratch_);
    exporting::EncodedSpan encoded{.resource = std::move(span.resource), .bytes = scratch_};
    benchmark::DoNotOptimize(encoded);
    bytes += encoded.bytes.size();
  }
  std::size_t bytes = 0;

 private:
  std::string scratch_;
};

class NullSink : public Sink<span::Span> {
 public:
  void Push(span::Span span) override { benchmark::DoNotOptimize(span); }
};

template <typename Out>
void Run(benchmark::State& state, Out& out) {
  OneResource resources;
  span::SpanBuilder builder({}, ClockSync(std::chrono::hours(1)), resources, out);
  const protocols::Exchange exchange =
      MakeExchange(state.range(0) == 0 ? protocols::Role::kServer : protocols::Role::kClient);
  for (auto _ : state) builder.Push(exchange);  // the copy of the exchange is in the figure
}

void BM_Build(benchmark::State& state) {
  NullSink out;
  Run(state, out);
}
BENCHMARK(BM_Build)->Arg(0)->Arg(1);

void BM_BuildAndEncode(benchmark::State& state) {
  EncodingSink out;
  Run(state, out);
  state.counters["bytes"] =
      static_cast<double>(out.bytes) / static_cast<double>(state.iterations());
}
BENCHMARK(BM_BuildAndEncode)->Arg(0)->Arg(1);

void BM_CopyExchange(benchmark::State& state) {
  const protocols::Exchange exchange = MakeExchange(protocols::Role::kServer);
  for (auto _ : state) {
    protocols::Exchange copy = exchange;
    benchmark::DoNotOptimize(copy);
  }
}
BENCHMARK(BM_CopyExchange);

void BM_EncodeRequest(benchmark::State& state) {
  class Keep : public Sink<span::Span> {
   public:
    void Push(span::Span span) override {
      exporting::EncodedSpan encoded;
      exporting::EncodeSpan(span, encoded.bytes);
      encoded.resource = std::move(span.resource);
      spans.push_back(std::move(encoded));
    }
    std::vector<exporting::EncodedSpan> spans;
  } keep;
  OneResource resources;
  span::SpanBuilder builder({}, ClockSync(std::chrono::hours(1)), resources, keep);
  for (int i = 0; i < 512; ++i) builder.Push(MakeExchange(protocols::Role::kServer));
  for (auto _ : state) benchmark::DoNotOptimize(exporting::EncodeRequest(keep.spans));
  state.SetItemsProcessed(state.iterations() * 512);
}
BENCHMARK(BM_EncodeRequest);

}  // namespace
