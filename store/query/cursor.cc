#include "store/query/cursor.h"

#include <xxhash.h>

#include <tuple>

#include "base/bytes.h"
#include "store/query/format.h"

namespace clew::store {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kRawBytes = 54;  // a multiple of three: no padding
constexpr std::size_t kTextBytes = kRawBytes / 3 * 4;
constexpr std::size_t kCheckBytes = 4;
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string ToText(std::string_view raw) {
  std::string text;
  for (std::size_t i = 0; i < raw.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) bits = bits << 8 | static_cast<std::uint8_t>(raw[i + j]);
    for (int shift = 18; shift >= 0; shift -= 6) text += kAlphabet[bits >> shift & 63];
  }
  return text;
}

std::optional<std::string> FromText(std::string_view text) {
  if (text.size() != kTextBytes) return std::nullopt;
  std::string raw;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      const std::size_t digit = kAlphabet.find(text[i + j]);
      if (digit == std::string_view::npos) return std::nullopt;
      bits = bits << 6 | static_cast<std::uint32_t>(digit);
    }
    AppendBig(raw, bits, 3);
  }
  return raw;
}

std::uint64_t Fingerprint(const Query& query) {
  const std::string text = FormatConditions(query.conditions);
  return XXH3_64bits_withSeed(text.data(), text.size(), static_cast<std::uint64_t>(query.order));
}

std::uint32_t Check(std::string_view raw) {
  return static_cast<std::uint32_t>(XXH3_64bits(raw.data(), raw.size()));
}

}  // namespace

bool Precedes(Order order, const Place& a, const Place& b) {
  if (order == Order::kSlowest && a.duration != b.duration) return a.duration > b.duration;
  return std::tie(b.start, a.trace) < std::tie(a.start, b.trace);
}

std::string EncodeCursor(const Query& query, const Cursor& cursor) {
  std::string raw;
  AppendU8(raw, kVersion);
  AppendU8(raw, static_cast<std::uint8_t>(query.order));
  AppendU64be(raw, Fingerprint(query));
  AppendU64be(raw, cursor.horizon);
  AppendU64be(raw, ToUint64(cursor.after.start));
  AppendU64be(raw, static_cast<std::uint64_t>(cursor.after.duration.count()));
  raw += cursor.after.trace.View();
  AppendU32be(raw, Check(raw));
  return ToText(raw);
}

Result<std::optional<Cursor>> DecodeCursor(const Query& query) {
  if (query.cursor.empty()) return std::optional<Cursor>();
  const auto invalid = [](const char* why) {
    return Error{Code::kInvalid, std::string("cursor: ") + why};
  };
  const auto raw = FromText(query.cursor);
  if (!raw) return invalid("not one of ours, or cut");
  const auto checked = std::string_view(*raw).substr(0, kRawBytes - kCheckBytes);
  ByteCursor check(std::string_view(*raw).substr(checked.size()));
  if (check.U32be() != Check(checked)) return invalid("not one of ours, or cut");
  ByteCursor in(checked);
  if (in.U8() != kVersion) return invalid("made by another version; search again");
  if (in.U8() != static_cast<std::uint8_t>(query.order) || in.U64be() != Fingerprint(query)) {
    return invalid("made by another query: conditions and order must stay the same");
  }
  Cursor cursor;
  cursor.horizon = *in.U64be();
  const std::uint64_t start = *in.U64be();
  const std::uint64_t duration = *in.U64be();
  if (start >> 63 != 0) return invalid("its time is out of range");
  cursor.after.start = UnixNanosFrom(start);
  cursor.after.duration = std::chrono::nanoseconds(static_cast<std::int64_t>(duration));
  cursor.after.trace = *TraceId::FromBytes(in.rest());
  return std::optional<Cursor>(cursor);
}

}  // namespace clew::store
