// A cursor over the fields of one serialized protobuf message, without copying and without
// generated code.
//
// As strict as protobuf's own parser where it matters: tags and lengths that do not fit 32 bits, a
// field number of zero, a length past the end and an unbalanced group are errors. protozero's
// pbf_reader truncates the first two in silence and refuses groups, so only its varint decoder is
// used here. Source: protobuf, "Encoding".
//
// Every method throws a protozero::exception on malformed bytes; the caller's boundary catches it.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <protozero/exception.hpp>
#include <protozero/varint.hpp>
#include <string_view>

#include "base/time.h"

namespace clew::store {

enum class WireType : std::uint8_t {
  kVarint = 0,
  kFixed64 = 1,
  kBytes = 2,
  kGroup = 3,
  kEndGroup = 4,
  kFixed32 = 5
};

class WireReader {
 public:
  // `message` must outlive the reader and every view that it hands out.
  explicit WireReader(std::string_view message)
      : start_(message.data()), at_(message.data()), end_(message.data() + message.size()) {}

  // Moves to the next field; false at the end. The field must then be consumed by exactly one of
  // the calls below.
  bool Next() {
    if (at_ == end_) return false;
    start_ = at_;
    const std::uint64_t tag = protozero::decode_varint(&at_, end_);
    if (tag > std::numeric_limits<std::uint32_t>::max() || tag >> 3 == 0) {
      throw protozero::invalid_tag_exception{};
    }
    field_ = static_cast<std::uint32_t>(tag >> 3);
    type_ = static_cast<WireType>(tag & 7);
    return true;
  }

  std::uint32_t field() const { return field_; }
  WireType type() const { return type_; }
  // A field that carries a known number with another wire type is an unknown field: protobuf skips
  // it, so do we.
  bool Is(std::uint32_t field, WireType type) const { return field_ == field && type_ == type; }

  std::uint64_t Varint() { return protozero::decode_varint(&at_, end_); }
  std::uint64_t Fixed64() { return Fixed<std::uint64_t>(); }
  std::uint32_t Fixed32() { return Fixed<std::uint32_t>(); }
  // A fixed64 of nanoseconds that a clock can show.
  UnixNanos Time() {
    const std::uint64_t ns = Fixed64();
    if (ns >> 63 != 0) throw protozero::invalid_length_exception{};
    return UnixNanosFrom(ns);
  }
  std::string_view Bytes() {
    const std::uint64_t size = protozero::decode_varint(&at_, end_);
    return Take(size);
  }
  void Skip() { SkipValue(kMaxGroups); }
  // Tag and value of the field just consumed, as they stand in the message.
  std::string_view Raw() const { return {start_, static_cast<std::size_t>(at_ - start_)}; }

 private:
  static constexpr int kMaxGroups = 32;  // depth of nested groups; the recursion must end

  std::string_view Take(std::uint64_t size) {
    if (size > static_cast<std::uint64_t>(end_ - at_)) throw protozero::end_of_buffer_exception{};
    const std::string_view taken(at_, size);
    at_ += size;
    return taken;
  }
  template <typename T>
  T Fixed() {
    T value;  // little-endian on the wire and on every machine that Clew runs on
    std::memcpy(&value, Take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  void SkipValue(int groups_left) {
    switch (type_) {
      case WireType::kVarint:
        Varint();
        return;
      case WireType::kFixed64:
        Take(8);
        return;
      case WireType::kBytes:
        Bytes();
        return;
      case WireType::kFixed32:
        Take(4);
        return;
      case WireType::kGroup:
        SkipGroup(groups_left);
        return;
      case WireType::kEndGroup:
        break;
    }
    throw protozero::unknown_pbf_wire_type_exception{};
  }
  void SkipGroup(int groups_left) {
    if (groups_left == 0) throw protozero::unknown_pbf_wire_type_exception{};
    const char* const outer_start = start_;
    const std::uint32_t group = field_;
    for (;;) {
      if (!Next()) throw protozero::end_of_buffer_exception{};
      if (type_ == WireType::kEndGroup) break;
      SkipValue(groups_left - 1);
    }
    if (field_ != group) throw protozero::unknown_pbf_wire_type_exception{};
    start_ = outer_start;  // Raw() of the whole group
  }

  const char* start_;
  const char* at_;
  const char* end_;
  std::uint32_t field_ = 0;
  WireType type_ = WireType::kVarint;
};

}  // namespace clew::store
