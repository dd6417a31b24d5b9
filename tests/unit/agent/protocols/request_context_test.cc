#include "agent/protocols/request_context.h"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/unit/agent/protocols/collector.h"

namespace clew::protocols {
namespace {

constexpr std::string_view kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

clew_context KernelContext(std::uint8_t origin) {
  clew_context context{};
  const TraceId trace = *TraceId::FromHex("0af7651916cd43dd8448eb211c80319c");
  std::memcpy(context.trace_id, trace.bytes.data(), 16);
  std::memset(context.span_id, 0x22, 8);
  std::memset(context.parent_id, 0x33, 8);
  context.trace_flags = 1;
  context.origin = origin;
  context.link = CLEW_LINK_THREAD;
  context.inject = CLEW_INJECT_INSERTED;
  return context;
}

TEST(DecideContext, TheKernelSidesIdsAreTheSpans) {
  CountingIds ids;
  const clew_context kernel = KernelContext(CLEW_ORIGIN_PARENT);
  const TraceContext context = DecideContext(Role::kClient, &kernel, {}, ids);
  EXPECT_EQ(context.trace_id.ToHex(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(context.span_id.ToHex(), "2222222222222222");
  EXPECT_EQ(context.parent_id.ToHex(), "3333333333333333");
  EXPECT_EQ(context.flags, 1);
  EXPECT_EQ(context.origin, CLEW_ORIGIN_PARENT);
  EXPECT_EQ(context.link, CLEW_LINK_THREAD);
  EXPECT_EQ(context.inject, CLEW_INJECT_INSERTED);
}

TEST(DecideContext, TheStateIsTakenWhenItsTraceIsTheOneThatWasDecided) {
  CountingIds ids;
  const context::PropagationHeaders headers{
      .traceparent_count = 1, .traceparent = kParent, .tracestate = {"a=1"}};
  clew_context kernel = KernelContext(CLEW_ORIGIN_TRACEPARENT);
  EXPECT_EQ(DecideContext(Role::kServer, &kernel, headers, ids).trace_state, "a=1");
  kernel.trace_id[0] ^= 1;
  kernel.origin = CLEW_ORIGIN_NEW;
  EXPECT_EQ(DecideContext(Role::kServer, &kernel, headers, ids).trace_state, "");
}

TEST(DecideContext, WithoutADecisionUserSpaceDecides) {
  CountingIds ids;
  clew_context kernel = KernelContext(CLEW_ORIGIN_NONE);
  kernel.inject = CLEW_INJECT_SKIP_SPLIT_HEAD;
  const TraceContext context = DecideContext(Role::kClient, &kernel, {}, ids);
  EXPECT_EQ(context.origin, CLEW_ORIGIN_NEW);
  EXPECT_FALSE(context.parent_id.valid());
  EXPECT_EQ(context.inject, CLEW_INJECT_SKIP_SPLIT_HEAD);
}

TEST(DecideContext, AllZeroIdsAreNoDecision) {
  CountingIds ids;
  clew_context kernel{};
  kernel.origin = CLEW_ORIGIN_TRACEPARENT;
  kernel.parent_id[0] = 1;
  const TraceContext context = DecideContext(Role::kServer, &kernel, {}, ids);
  EXPECT_TRUE(context.trace_id.valid());
  EXPECT_TRUE(context.span_id.valid());
  EXPECT_FALSE(context.parent_id.valid());
}

TEST(DecideContext, AClientsOwnHeaderIsAdopted) {
  CountingIds ids;
  const TraceContext context =
      DecideContext(Role::kClient, nullptr, {.traceparent_count = 1, .traceparent = kParent}, ids);
  EXPECT_EQ(context.origin, CLEW_ORIGIN_ADOPTED);
  EXPECT_EQ(context.span_id.ToHex(), "b7ad6b7169203331");
}

}  // namespace
}  // namespace clew::protocols
