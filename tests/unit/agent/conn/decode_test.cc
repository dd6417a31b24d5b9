#include "agent/conn/decode.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstring>

#include "tests/unit/agent/conn/records.h"

namespace clew::conn {
namespace {

TEST(Decode, ADataRecordBecomesAChunk) {
  clew_context context{};
  context.origin = CLEW_ORIGIN_NEW;
  const std::string record =
      DataRecord({.time = 5, .tgid = 9, .direction = Direction::kEgress}, 100, "hello", 20, "end",
                 CLEW_DATA_REQUEST | CLEW_DATA_TRUNCATED, context);
  DecodedChunk decoded;
  ASSERT_TRUE(DecodeData(record, decoded));
  const Chunk& chunk = decoded.chunk;
  EXPECT_EQ(chunk.direction, Direction::kEgress);
  EXPECT_EQ(ToUint64(chunk.time), 5u);
  EXPECT_EQ(chunk.offset, 100u);
  EXPECT_EQ(chunk.size, 20u);
  EXPECT_EQ(chunk.bytes, "hello");
  EXPECT_EQ(chunk.last, "end");
  EXPECT_EQ(chunk.tgid, 9u);
  ASSERT_NE(chunk.context, nullptr);
  EXPECT_EQ(chunk.context->origin, CLEW_ORIGIN_NEW);
}

TEST(Decode, AChunkKnowsWhereOnTheWireItBegins) {
  std::string record = DataRecord({}, 0, "hello");
  const std::uint32_t seq = 0xfffffff0;
  std::memcpy(record.data() + offsetof(clew_data_event, seq), &seq, sizeof(seq));
  DecodedChunk decoded;
  ASSERT_TRUE(DecodeData(record, decoded));
  EXPECT_EQ(decoded.chunk.seq, seq);
  ASSERT_TRUE(DecodeBytes(BytesRecord({}, 0, 100, "a", "b"), decoded));
  EXPECT_EQ(decoded.chunk.seq, 0u);
}

TEST(Decode, AContextIsValidWithItsFlagOnly) {
  DecodedChunk decoded;
  const std::string record = DataRecord({}, 0, "x", 0, {}, CLEW_DATA_RESPONSE);
  ASSERT_TRUE(DecodeData(record, decoded));
  EXPECT_EQ(decoded.chunk.context, nullptr);
}

TEST(Decode, RefusesARecordThatIsShorterThanItSays) {
  const std::string data = DataRecord({}, 0, "hello");
  const std::string bytes = BytesRecord({}, 0, 100, "a", "b");
  const std::string open = OpenRecord({}, AF_INET, CLEW_ROLE_ACTIVE);
  DecodedChunk decoded;
  ConnInfo info;
  for (std::size_t n = 0; n < data.size(); ++n)
    EXPECT_FALSE(DecodeData(data.substr(0, n), decoded)) << n;
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(DecodeBytes(bytes.substr(0, n), decoded)) << n;
  for (std::size_t n = 0; n < open.size(); ++n)
    EXPECT_FALSE(DecodeOpen(open.substr(0, n), info)) << n;
  EXPECT_TRUE(DecodeData(data, decoded));
  EXPECT_TRUE(DecodeBytes(bytes, decoded));
}

TEST(Decode, RefusesLengthsThatContradictEachOther) {
  DecodedChunk decoded;
  EXPECT_FALSE(DecodeData(DataRecord({}, 0, "hello", 4), decoded));
  std::string record = BytesRecord({}, 0, 100, "a", "b");
  record[offsetof(clew_bytes_event, first_len)] = 17;
  EXPECT_FALSE(DecodeBytes(record, decoded));
  record = DataRecord({}, 0, "hello");
  record[offsetof(clew_event_header, direction)] = 2;
  EXPECT_FALSE(DecodeData(record, decoded));
}

TEST(Decode, AddressesAreText) {
  ConnInfo info;
  ASSERT_TRUE(DecodeOpen(OpenRecord({.conn = 77}, AF_INET, CLEW_ROLE_PASSIVE), info));
  EXPECT_EQ(info.id, 77u);
  EXPECT_EQ(info.local.address, "127.0.0.1");
  EXPECT_EQ(info.local.port, 8080);
  EXPECT_EQ(info.remote.address, "10.1.2.3");
  EXPECT_EQ(info.inode, 6u);
  ASSERT_TRUE(DecodeOpen(OpenRecord({}, AF_INET6, CLEW_ROLE_PASSIVE), info));
  EXPECT_EQ(info.remote.address, "2001:db8::2");
  std::string mapped = OpenRecord({}, AF_INET6, CLEW_ROLE_PASSIVE);
  mapped.replace(offsetof(clew_conn_event, remote_addr), 16,
                 std::string("\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\x01\x02\x03", 16));
  ASSERT_TRUE(DecodeOpen(mapped, info));
  EXPECT_EQ(info.remote.address, "10.1.2.3") << "the name that this end has for itself";
  ASSERT_TRUE(DecodeOpen(OpenRecord({}, AF_UNIX, CLEW_ROLE_UNKNOWN), info));
  EXPECT_EQ(info.remote.address, "");
  EXPECT_EQ(info.remote.port, 0);
}

}  // namespace
}  // namespace clew::conn
