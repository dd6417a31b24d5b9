// The kernel side's head scanner, on the host.
#include <gtest/gtest.h>

#include <string>

#include "agent/context/traceparent.h"
#include "tests/bpf/host_head.h"

namespace clew {
namespace {

constexpr char kParent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

std::string Request(const std::string& headers) { return "GET /orders/42?x=1 HTTP/1.1\r\nHost: shop\r\n" + headers + "\r\n"; }

host_head Scan(const std::string& bytes, std::size_t piece = 0) { return host_scan(bytes.data(), bytes.size(), piece); }

std::string Hex(const std::uint8_t* bytes, std::size_t n) {
  std::string out;
  char digits[3];
  for (std::size_t i = 0; i < n; ++i) {
    std::snprintf(digits, sizeof(digits), "%02x", bytes[i]);
    out += digits;
  }
  return out;
}

TEST(KernelHead, FindsTraceparentLengthAndEnd) {
  const std::string head = Request(std::string("traceparent: ") + kParent + "\r\nContent-Length: 1234\r\n");
  const host_head h = Scan(head + "body");
  EXPECT_TRUE(h.ended);
  EXPECT_EQ(h.head_size, head.size());
  EXPECT_EQ(h.first_line_end, head.find('\n') + 1);
  EXPECT_TRUE(h.tp_valid);
  EXPECT_EQ(Hex(h.trace_id, 16), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(Hex(h.parent_id, 8), "00f067aa0ba902b7");
  EXPECT_EQ(h.trace_flags, 1);
  EXPECT_EQ(h.length, 1234u);
  EXPECT_FALSE(h.chunked);
}

TEST(KernelHead, EveryPieceSizeGivesTheSame) {
  const std::string head = Request(std::string("User-Agent: ") + std::string(300, 'u') + "\r\nTraceParent:\t " + kParent +
                                   " \r\nX-B3-TraceId: 00000000000000000000000000000001\r\nContent-Length: 77\r\n"
                                   "Cookie: " + std::string(5000, 'c') + "\r\n");
  const host_head whole = Scan(head);
  ASSERT_TRUE(whole.ended);
  ASSERT_TRUE(whole.tp_valid);
  for (std::size_t piece = 1; piece <= head.size(); ++piece) {
    const host_head h = Scan(head, piece);
    ASSERT_TRUE(h.ended) << piece;
    EXPECT_EQ(h.head_size, whole.head_size) << piece;
    EXPECT_TRUE(h.tp_valid) << piece;
    EXPECT_EQ(Hex(h.trace_id, 16), Hex(whole.trace_id, 16)) << piece;
    EXPECT_EQ(h.length, 77u) << piece;
    EXPECT_EQ(h.b3_seen, whole.b3_seen) << piece;
  }
}

TEST(KernelHead, AgreesWithTheUserSpaceParserAboutTraceparentValues) {
  const char* values[] = {
      kParent, "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
      "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what",
      "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", "", "00",
      "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01", "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  };
  for (const char* value : values) {
    const host_head h = Scan(Request(std::string("traceparent: ") + value + "\r\n"));
    const auto parsed = context::ParseTraceparent(value);
    EXPECT_EQ(h.tp_valid != 0, parsed.has_value()) << value;
    if (parsed) {
      EXPECT_EQ(Hex(h.trace_id, 16), parsed->trace_id.ToHex());
      EXPECT_EQ(h.trace_flags, parsed->flags);
    }
  }
}

TEST(KernelHead, TwoTraceparentsAreNone) {
  const std::string line = std::string("traceparent: ") + kParent + "\r\n";
  EXPECT_EQ(Scan(Request(line + line)).tp_lines, 2);
  EXPECT_FALSE(Scan(Request(line + line)).tp_valid);
}

TEST(KernelHead, ReadsB3InItsThreeForms) {
  host_head h = Scan(Request("b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90\r\n"));
  EXPECT_EQ(h.b3_seen, 7);
  EXPECT_EQ(Hex(h.b3_trace_id, 16), "80f198ee56343ba864fe8b2a57d3eff7");
  EXPECT_EQ(Hex(h.b3_parent_id, 8), "e457b5a2e4d86bd1");
  EXPECT_EQ(h.b3_flags, 1);
  h = Scan(Request("B3: 64fe8b2a57d3eff7-e457b5a2e4d86bd1-0\r\n"));
  EXPECT_EQ(Hex(h.b3_trace_id, 16), "000000000000000064fe8b2a57d3eff7");
  EXPECT_EQ(h.b3_flags, 0);
  h = Scan(Request("X-B3-TraceId: 463ac35c9f6413ad48485a3953bb6124\r\nX-B3-SpanId: a2fb4a1d1a96d312\r\nX-B3-Sampled: 1\r\n"));
  EXPECT_EQ(h.b3_seen, 7);
  EXPECT_EQ(Hex(h.b3_parent_id, 8), "a2fb4a1d1a96d312");
  h = Scan(Request("b3: 0\r\n"));
  EXPECT_EQ(h.b3_seen, 4);
  EXPECT_EQ(h.b3_flags, 0);
}

TEST(KernelHead, JoinsTracestateLines) {
  EXPECT_STREQ(Scan(Request("tracestate: a=1,b=2\r\nTracestate:  c=3 \r\n")).state, "a=1,b=2,c=3");
}

TEST(KernelHead, RefusesWhatIsNoHttp1Request) {
  EXPECT_TRUE(Scan("EHLO mail.example\r\n\r\n").bad);
  EXPECT_TRUE(Scan("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").bad);
  EXPECT_TRUE(Scan("GET /\r\n\r\n").bad);
  EXPECT_TRUE(Scan("\r\n\r\n").bad);
  EXPECT_FALSE(Scan(Request("")).bad);
  EXPECT_FALSE(Scan("GET / HTTP/1.0\n\n").bad);
}

TEST(KernelHead, ContradictingLengthsAreLeftToUserSpace) {
  EXPECT_TRUE(Scan(Request("Content-Length: 5\r\nContent-Length: 6\r\n")).chunked);
  EXPECT_FALSE(Scan(Request("Content-Length: 99999999999999999999\r\n")).has_length);
  EXPECT_FALSE(Scan(Request("Content-Length: 5x\r\n")).has_length);
}

TEST(KernelHead, AHeadWithoutEndIsNotEnded) {
  const std::string head = Request("A: b\r\n");
  for (std::size_t n = 0; n < head.size(); ++n) EXPECT_FALSE(Scan(head.substr(0, n)).ended) << n;
}

}  // namespace
}  // namespace clew
