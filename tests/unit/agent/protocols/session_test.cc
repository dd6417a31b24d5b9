#include "agent/protocols/http1/session.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/unit/agent/protocols/collector.h"

namespace clew::protocols::http1 {
namespace {

using conn::Direction;

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

class SessionTest : public testing::Test {
 protected:
  std::uint32_t Send(Direction direction, std::string_view bytes, std::uint64_t time,
                     bool may_wait = false, std::uint16_t flags = 0,
                     const clew_context* context = nullptr) {
    conn::Chunk chunk{.direction = direction, .time = KernelNanosFrom(time), .bytes = bytes};
    chunk.size = static_cast<std::uint32_t>(bytes.size());
    chunk.tgid = 7;
    chunk.tid = 8;
    chunk.flags = flags;
    chunk.context = context;
    return session_.OnChunk(chunk, may_wait, out_);
  }
  std::uint32_t Read(std::string_view bytes, std::uint64_t time) {
    return Send(Direction::kIngress, bytes, time);
  }
  std::uint32_t Write(std::string_view bytes, std::uint64_t time) {
    return Send(Direction::kEgress, bytes, time);
  }

  conn::ConnInfo info_;
  ParseCounters counters_;
  CountingIds ids_;
  Collected out_;
  Session session_{info_, counters_, ids_};
};

clew_context Context(std::uint8_t seed) {
  clew_context context{};
  context.trace_id[0] = context.span_id[0] = seed;
  context.origin = CLEW_ORIGIN_NEW;
  return context;
}

TEST_F(SessionTest, TheContextOfACallIsThatOfTheRequestAtItsBeginning) {
  const clew_context context = Context(0xaa);
  Send(Direction::kIngress, std::string(kGet) + std::string(kGet), 1, false, CLEW_DATA_REQUEST,
       &context);
  Write(std::string(kOk) + std::string(kOk), 2);
  ASSERT_EQ(out_.exchanges.size(), 2u);
  EXPECT_EQ(out_.exchanges[0].context.span_id.bytes[0], 0xaa);
  EXPECT_EQ(out_.exchanges[1].context.span_id.bytes[0], 0);  // made here
  EXPECT_TRUE(out_.exchanges[1].context.span_id.valid());
  EXPECT_EQ(out_.exchanges[0].tgid, 7u);
  EXPECT_EQ(out_.exchanges[0].tid, 8u);
}

TEST_F(SessionTest, OnlyTheRequestAtTheBeginningOfACallIsPlacedOnTheWire) {
  const std::string two = std::string(kGet) + std::string(kGet);
  conn::Chunk chunk{.bytes = std::string_view(two).substr(0, kGet.size() + 5), .seq = 4711};
  chunk.size = static_cast<std::uint32_t>(chunk.bytes.size());
  session_.OnChunk(chunk, false, out_);
  // The rest of the second head: where its call began is no place of a request.
  chunk.bytes = std::string_view(two).substr(chunk.size);
  chunk.size = static_cast<std::uint32_t>(chunk.bytes.size());
  chunk.seq = 5000;
  session_.OnChunk(chunk, false, out_);
  Write(std::string(kOk) + std::string(kOk), 2);
  ASSERT_EQ(out_.exchanges.size(), 2u);
  EXPECT_EQ(out_.exchanges[0].request_seq, 4711u);
  EXPECT_EQ(out_.exchanges[1].request_seq, 0u);
}

TEST_F(SessionTest, TheContextOfASplitHeadMayComeLater) {
  const clew_context first = Context(0xaa), second = Context(0xbb);
  Send(Direction::kIngress, kGet.substr(0, 10), 1, false, CLEW_DATA_REQUEST, &first);
  Send(Direction::kIngress, kGet.substr(10), 2, false, CLEW_DATA_CONTEXT, &second);
  Write(kOk, 3);
  ASSERT_EQ(out_.exchanges.size(), 1u);
  EXPECT_EQ(out_.exchanges[0].context.span_id.bytes[0], 0xbb);
}

TEST_F(SessionTest, ABodyThatLooksLikeARequestHasNoContext) {
  const clew_context first = Context(0xaa), wrong = Context(0xbb);
  Send(Direction::kIngress, "POST / HTTP/1.1\r\nContent-Length: 28\r\n\r\n", 1, false,
       CLEW_DATA_REQUEST, &first);
  Send(Direction::kIngress, std::string(kGet) + std::string(kGet), 2, false, CLEW_DATA_REQUEST,
       &wrong);
  Write(std::string(kOk) + std::string(kOk), 3);
  ASSERT_EQ(out_.exchanges.size(), 2u);
  EXPECT_EQ(out_.exchanges[0].context.span_id.bytes[0], 0xaa);
  EXPECT_NE(out_.exchanges[1].context.span_id.bytes[0], 0xbb);
}

TEST_F(SessionTest, AClientsResponseMayWaitForItsRequest) {
  info_.role = CLEW_ROLE_ACTIVE;
  EXPECT_EQ(Send(Direction::kIngress, kOk, 10, true), 0u);
  EXPECT_EQ(Send(Direction::kEgress, kGet, 12, true), kGet.size());
  EXPECT_EQ(Send(Direction::kIngress, kOk, 10, true), kOk.size());
  ASSERT_EQ(out_.exchanges.size(), 1u);
  EXPECT_EQ(ToUint64(out_.exchanges[0].request_start), 10u);  // not after its answer
  EXPECT_EQ(ToUint64(out_.exchanges[0].request_end), 10u);
  EXPECT_EQ(counters_.orphan_responses, 0u);
}

TEST_F(SessionTest, TheSecondOfTwoResponsesMayWaitAlone) {
  info_.role = CLEW_ROLE_ACTIVE;
  Send(Direction::kEgress, kGet, 1, true);
  const std::string two = std::string(kOk) + std::string(kOk);
  EXPECT_EQ(Send(Direction::kIngress, two, 2, true), kOk.size());
  Send(Direction::kEgress, kGet, 3, true);
  EXPECT_EQ(Send(Direction::kIngress, kOk, 2, true), kOk.size());
  EXPECT_EQ(out_.exchanges.size(), 2u);
}

TEST_F(SessionTest, AServersResponseNeverWaits) {
  Read(kGet, 1);
  Write(kOk, 2);
  EXPECT_EQ(Send(Direction::kEgress, kOk, 3, true), kOk.size());
  EXPECT_EQ(counters_.orphan_responses, 1u);
}

TEST_F(SessionTest, AConnectionOlderThanTheAgentDoesNotWaitAtItsFirstResponse) {
  EXPECT_EQ(Send(Direction::kIngress, kOk, 1, true), kOk.size());
  EXPECT_EQ(counters_.orphan_responses, 1u);
  Send(Direction::kEgress, kGet, 2, true);
  Send(Direction::kIngress, kOk, 3, true);
  ASSERT_EQ(out_.exchanges.size(), 1u);
  EXPECT_EQ(ToUint64(out_.exchanges[0].response_start), 3u);
}

TEST_F(SessionTest, AHeadOf64KilobytesComesByteByByte) {
  std::string head = "GET /long HTTP/1.1\r\n";
  while (head.size() < CLEW_HEAD_MAX - 200) head += "X-Filler: " + std::string(80, 'x') + "\r\n";
  head += "Host: end\r\n\r\n";
  for (const char& c : head) Read(std::string_view(&c, 1), 1);
  Write(kOk, 2);
  ASSERT_EQ(out_.exchanges.size(), 1u);
  EXPECT_EQ(out_.exchanges[0].host, "end");
  EXPECT_EQ(session_.buffered(), 0u);
}

TEST_F(SessionTest, ALongerHeadIsGivenUpAndTheNextOneRead) {
  Read("GET /long HTTP/1.1\r\n", 1);
  for (int i = 0; i < 1000; ++i) Read("X-Filler: " + std::string(80, 'x') + "\r\n", 1);
  EXPECT_EQ(counters_.head_too_long, 1u);
  EXPECT_EQ(session_.buffered(), 0u);
  Write(kOk, 2);
  Read(kGet, 3);
  Write(kOk, 4);
  ASSERT_EQ(out_.exchanges.size(), 1u);
  EXPECT_EQ(ToUint64(out_.exchanges[0].request_start), 3u);
  EXPECT_EQ(counters_.resyncs, 1u);
}

TEST_F(SessionTest, FieldsAreBounded) {
  const std::string target = "/" + std::string(20000, 't');
  Read("GET " + target + " HTTP/1.1\r\nHost: " + std::string(5000, 'h') +
           "\r\nUser-Agent: " + std::string(5000, 'u') + "\r\n\r\n",
       1);
  Write(kOk, 2);
  ASSERT_EQ(out_.exchanges.size(), 1u);
  EXPECT_EQ(out_.exchanges[0].target.size(), 8192u);
  EXPECT_EQ(out_.exchanges[0].host.size(), 1024u);
  EXPECT_EQ(out_.exchanges[0].user_agent.size(), 1024u);
}

// A body whose records were lost ends inside the gap, when the next request is there already: that is no pipelining, and the
// next loss must not end the connection.
TEST_F(SessionTest, ALossThatShowsAfterTheNextRequestIsNoPipelining) {
  for (std::uint64_t round = 0; round < 3; ++round) {
    Read(kGet, 10 * round + 1);
    Write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", 10 * round + 2);
    Read(kGet, 10 * round + 3);
    session_.OnGap(Direction::kEgress, 10, out_);
    Write(kOk, 10 * round + 4);
  }
  EXPECT_FALSE(session_.finished());
  EXPECT_EQ(counters_.given_up, 0u);
  EXPECT_EQ(out_.exchanges.size(), 6u);
  session_.OnGap(Direction::kEgress, 10, out_);  // a whole response
  EXPECT_FALSE(session_.finished());
}

TEST_F(SessionTest, EndlessPipeliningIsGivenUp) {
  for (int i = 0; i < 1000 && !session_.finished(); ++i) Read(kGet, 1);
  EXPECT_TRUE(session_.finished());
  EXPECT_EQ(counters_.given_up, 1u);
  EXPECT_EQ(out_.exchanges.size(), 128u);
  EXPECT_TRUE(out_.exchanges[0].incomplete);
}

TEST_F(SessionTest, AConversationWithoutMessagesIsGivenUp) {
  Read("GET /like HTTP but not\r\n", 1);
  for (int i = 0; i < 1000 && !session_.finished(); ++i) {
    Write("\x01\x02 no", 2);
    Read("\x03\x04 no", 3);
  }
  EXPECT_TRUE(session_.finished());
  EXPECT_EQ(counters_.not_this_protocol, 1u);
  EXPECT_TRUE(out_.exchanges.empty());
}

TEST_F(SessionTest, AnAnswerOfUnknownLengthWantsTicksUntilItIsQuiet) {
  Read(kGet, 1);
  conn::Chunk chunk{.direction = Direction::kEgress, .time = KernelNanosFrom(10), .size = 9000};
  chunk.bytes = "HTTP/1.1 200 OK\r\nServer";
  session_.OnChunk(chunk, true, out_);
  EXPECT_TRUE(session_.wants_tick());
  session_.OnTick(KernelNanosFrom(1'000'000'000), out_);
  EXPECT_TRUE(out_.exchanges.empty());
  session_.OnTick(KernelNanosFrom(1'000'000'011), out_);
  ASSERT_EQ(out_.exchanges.size(), 1u);
  EXPECT_FALSE(session_.wants_tick());
  EXPECT_FALSE(out_.exchanges[0].incomplete);
  EXPECT_EQ(out_.exchanges[0].response_body_size, std::nullopt);
}

TEST_F(SessionTest, AnIdleConnectionKeepsLittle) {
  Read(kGet, 1);
  Write(kOk, 2);
  EXPECT_EQ(session_.buffered(), 0u);
  EXPECT_LE(sizeof(Session), 640u);
}

}  // namespace
}  // namespace clew::protocols::http1
