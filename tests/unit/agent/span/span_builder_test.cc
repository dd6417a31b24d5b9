#include "agent/span/span_builder.h"

#include <gtest/gtest.h>

namespace clew::span {
namespace {

using protocols::Exchange;
using protocols::Role;
using std::chrono::milliseconds;

class OneResource : public ResourceLookup {
 public:
  std::shared_ptr<const Resource> Lookup(std::uint32_t) override { return resource; }
  std::shared_ptr<const Resource> resource =
      std::make_shared<Resource>(Resource{{{"service.name", "shop"}}, "shop"});
};

class Collected : public Sink<Span> {
 public:
  void Push(Span span) override { spans.push_back(std::move(span)); }
  std::vector<Span> spans;
};

class SpanBuilderTest : public testing::Test {
 protected:
  static Exchange Sampled(Role role) {
    Exchange exchange;
    exchange.role = role;
    exchange.method = "GET";
    exchange.target = "/orders/42";
    exchange.status_code = 200;
    exchange.context.trace_id = *TraceId::FromHex("4bf92f3577b34da6a3ce929d0e0e4736");
    exchange.context.span_id = *SpanId::FromHex("00f067aa0ba902b7");
    exchange.context.flags = 1;
    exchange.request_start = KernelNanos(milliseconds(100));
    exchange.request_end = KernelNanos(milliseconds(101));
    exchange.response_start = KernelNanos(milliseconds(140));
    exchange.response_end = KernelNanos(milliseconds(150));
    return exchange;
  }
  std::uint64_t Counter(std::string_view name) const {
    for (const auto& counter : builder_.Counters()) {
      if (counter.name == name) return counter.value;
    }
    ADD_FAILURE() << name;
    return 0;
  }

  OneResource resources_;
  Collected out_;
  SpanBuilder builder_{{}, ClockSync(std::chrono::hours(1)), resources_, out_};
};

TEST_F(SpanBuilderTest, KeepsTheContextAndMapsTheClockOnce) {
  Exchange exchange = Sampled(Role::kServer);
  exchange.context.parent_id = *SpanId::FromHex("1111111111111111");
  exchange.context.trace_state = "a=b";
  builder_.Push(exchange);
  ASSERT_EQ(out_.spans.size(), 1u);
  const Span& span = out_.spans[0];
  EXPECT_EQ(span.trace_id, exchange.context.trace_id);
  EXPECT_EQ(span.span_id, exchange.context.span_id);
  EXPECT_EQ(span.parent_id, exchange.context.parent_id);
  EXPECT_TRUE(span.parent_is_remote);
  EXPECT_EQ(span.trace_flags, 1);
  EXPECT_EQ(span.trace_state, "a=b");
  EXPECT_EQ(span.kind, Kind::kServer);
  EXPECT_EQ(span.resource, resources_.resource);
  EXPECT_EQ(span.name, "GET /orders/{id}");
  EXPECT_EQ(span.start, UnixNanos(std::chrono::hours(1) + milliseconds(100)));
  EXPECT_EQ(span.end - span.start, milliseconds(50));
}

TEST_F(SpanBuilderTest, AClientsParentIsLocal) {
  Exchange exchange = Sampled(Role::kClient);
  exchange.context.parent_id = *SpanId::FromHex("1111111111111111");
  builder_.Push(exchange);
  ASSERT_EQ(out_.spans.size(), 1u);
  EXPECT_FALSE(out_.spans[0].parent_is_remote);
}

TEST_F(SpanBuilderTest, ARequestWithoutAResponseEndsWithItsLastByte) {
  Exchange exchange = Sampled(Role::kServer);
  exchange.response_start = exchange.response_end = {};
  exchange.status_code = 0;
  builder_.Push(exchange);
  ASSERT_EQ(out_.spans.size(), 1u);
  EXPECT_EQ(out_.spans[0].end - out_.spans[0].start, milliseconds(1));
}

TEST_F(SpanBuilderTest, UnsampledAndAdoptedExchangesGiveNoSpanButAreCounted) {
  Exchange unsampled = Sampled(Role::kServer);
  unsampled.context.flags = 0;
  builder_.Push(unsampled);
  Exchange adopted = Sampled(Role::kClient);
  adopted.context.origin = CLEW_ORIGIN_ADOPTED;
  builder_.Push(adopted);
  EXPECT_TRUE(out_.spans.empty());
  EXPECT_EQ(Counter("exchanges"), 2u);
  EXPECT_EQ(Counter("exchanges_unsampled"), 1u);
  EXPECT_EQ(Counter("exchanges_adopted"), 1u);
}

TEST_F(SpanBuilderTest, AnExchangeWithoutIdsBeginsATrace) {
  Exchange exchange = Sampled(Role::kServer);
  exchange.context = {};
  builder_.Push(exchange);
  ASSERT_EQ(out_.spans.size(), 1u);
  EXPECT_TRUE(out_.spans[0].trace_id.valid());
  EXPECT_TRUE(out_.spans[0].span_id.valid());
  EXPECT_EQ(out_.spans[0].trace_flags, 1);
  SpanBuilder none({.sample_ratio = 0}, ClockSync({}), resources_, out_);
  none.Push(exchange);
  EXPECT_EQ(out_.spans.size(), 1u);
}

}  // namespace
}  // namespace clew::span
