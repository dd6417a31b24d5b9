// The TCP option among whatever else a header's options hold.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

#include "tests/bpf/host_option.h"

namespace clew {
namespace {

using namespace std::string_literals;

const std::string kTimestamps = "\x01\x01\x08\x0a"s + "TTTTEEEE";

host_option Value(std::uint8_t flags = 3) {
  host_option value{};
  std::fill(std::begin(value.trace_id), std::end(value.trace_id), 0x11);
  std::fill(std::begin(value.span_id), std::end(value.span_id), 0x22);
  value.flags = flags;
  return value;
}

std::string Put(const host_option& value) {
  std::string bytes(HOST_OPTION_SIZE, '\0');
  host_option_put(reinterpret_cast<std::uint8_t*>(bytes.data()), &value);
  return bytes;
}

std::optional<host_option> Get(const std::string& options) {
  host_option value{};
  if (!host_option_get(reinterpret_cast<const std::uint8_t*>(options.data()), options.size(), &value)) return std::nullopt;
  return value;
}

TEST(TcpOption, IsTheDocumentedBytes) {
  const std::string bytes = Put(Value(1));
  EXPECT_EQ(bytes, "\xfd\x1c\xc1\xe5"s + std::string(16, '\x11') + std::string(8, '\x22'));
}

TEST(TcpOption, FillsWhatTimestampsLeaveAndIsReadBack) {
  for (std::uint8_t flags = 0; flags < 4; ++flags) {
    const std::string options = kTimestamps + Put(Value(flags));
    ASSERT_EQ(options.size(), std::size_t{HOST_OPTIONS_MAX});
    const auto found = Get(options);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->flags, flags);
    EXPECT_EQ(std::memcmp(found->trace_id, Value().trace_id, 16), 0);
    EXPECT_EQ(std::memcmp(found->span_id, Value().span_id, 8), 0);
  }
}

TEST(TcpOption, IsFoundBeforeAndBehindOthers) {
  const std::string other_experiment = "\xfd\x04\xab\xcd"s;
  EXPECT_TRUE(Get(Put(Value()) + kTimestamps));
  EXPECT_TRUE(Get(other_experiment + Put(Value())));
  EXPECT_TRUE(Get("\x01\x01\x01"s + Put(Value()) + "\x01"s));
}

TEST(TcpOption, IsNotFoundBehindTheEndOrDamage) {
  EXPECT_FALSE(Get("\x00\x01"s + Put(Value())));                  // end of list
  EXPECT_FALSE(Get("\xfd\x00"s + Put(Value())));                  // a length that cannot be
  EXPECT_FALSE(Get("\x08\x01"s + Put(Value())));
  EXPECT_FALSE(Get("\x08\xff"s + Put(Value())));                  // longer than the header
  EXPECT_FALSE(Get(""));
}

TEST(TcpOption, CutShortAnywhereItIsNotFound) {
  const std::string whole = kTimestamps + Put(Value());
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(Get(whole.substr(0, size))) << size;
}

TEST(TcpOption, AnotherIdKindOrLengthIsNotOurs) {
  for (const std::size_t at : {0, 1, 2, 3}) {
    std::string bytes = Put(Value());
    bytes[at] = static_cast<char>(bytes[at] ^ 0x20);
    EXPECT_FALSE(Get(bytes)) << at;
  }
}

TEST(TcpOption, InvalidIdsAreNoContext) {
  host_option no_trace = Value(), no_span = Value();
  std::memset(no_trace.trace_id, 0, sizeof(no_trace.trace_id));
  std::memset(no_span.span_id, 0, sizeof(no_span.span_id));
  EXPECT_FALSE(Get(Put(no_trace)));
  EXPECT_FALSE(Get(Put(no_span)));
}

}  // namespace
}  // namespace clew
