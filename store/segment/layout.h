// What a segment is made of: its streams by number, its bounds. Specification:
// docs/formats/segment.md. DO NOT RENUMBER: on disk.
//
//   segment   = "CLSG" | version u8 | directory size u32le | directory | directory check u32le |
//   streams directory = rows varint | traces varint | count varint | { stream varint | size varint
//   | check u32le }*
//
// A check is the low half of the XXH3 of the bytes. The streams follow in the order of the
// directory.
#pragma once

#include <cstdint>
#include <string_view>

namespace clew::store {

inline constexpr std::string_view kSegmentMagic = "CLSG";
inline constexpr std::uint8_t kSegmentVersion = 1;

// Bounds of what a reader accepts; the store ends a segment long before (store/engine/seal.h).
inline constexpr std::size_t kMaxSegmentRows = 1 << 16;
inline constexpr std::size_t kMaxColumnValues = 1 << 22;

enum class Stream : std::uint32_t {
  kTraceIds = 1,       // bytes, 16 a trace; traces in order of their first span
  kTraceRows = 2,      // integers: spans of each trace
  kTraceStarts = 3,    // integers: earliest start of each trace's spans here, ns
  kTraceBases = 4,     // bytes: summaries of the parts that were sealed earlier
  kSpanIds = 5,        // bytes, 8 a span
  kParents = 6,        // integers: 0 none, 1 the next of kParentIds, n+2 the trace's n-th span here
  kParentIds = 7,      // bytes, 8 each
  kStarts = 8,         // integers: start minus the trace's start, ns
  kDurations = 9,      // integers: end minus start, ns
  kKinds = 10,         // integers
  kStatuses = 11,      // integers: status code
  kContexts = 12,      // integers: position in kContextTable
  kContextTable = 13,  // bytes: resources, scopes, pairs of them
  kShapes = 14,        // integers: position in kShapeTable
  kShapeTable = 15,    // bytes: attribute columns of each shape, in order
  kColumnTable = 16,   // bytes: key and type of each attribute column
  kDictionary = 17,    // integers, then bytes: lengths and text of strings that occur twice or more
  kArrivals = 18,      // integers: sequence of the append that brought the span
  kExactRows = 19,  // integers: spans kept by their bytes, since their fields do not give them back
  kExactSpans = 20,     // integers, then bytes: those bytes
  kNames = 32,          // strings
  kTraceStates = 36,    // strings: field 3 with its tag, or nothing
  kStatusFields = 40,   // strings: field 15 with its tag, or nothing
  kMiddles = 44,        // strings: fields 10 to 14 with their tags
  kTails = 48,          // strings: fields from 16 on with their tags
  kFirstAttribute = 64  // 4 numbers for each attribute column
};

// A string column has three streams: its codes, and lengths and text of what is not in the
// dictionary.
inline Stream CodesOf(Stream column) { return column; }
inline Stream LengthsOf(Stream column) {
  return static_cast<Stream>(static_cast<std::uint32_t>(column) + 1);
}
inline Stream TextOf(Stream column) {
  return static_cast<Stream>(static_cast<std::uint32_t>(column) + 2);
}
inline Stream AttributeStream(std::size_t column) {
  return static_cast<Stream>(static_cast<std::uint32_t>(Stream::kFirstAttribute) +
                             4 * static_cast<std::uint32_t>(column));
}

// Type of an attribute column, by the member of AnyValue's oneof that its values have.
enum class ColumnType : std::uint8_t {
  kString = 0,    // strings
  kBool = 1,      // integers: the varint as it came
  kInt = 2,       // integers
  kDouble = 3,    // integers: the bits
  kCompound = 4,  // strings: the serialized AnyValue
  kMissing = 5,   // nothing: a key without a value
};
inline constexpr std::uint8_t kColumnTypes = 6;

}  // namespace clew::store
