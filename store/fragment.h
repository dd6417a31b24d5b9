// A fragment: spans that arrived together, the value of a hot key. Specification:
// docs/formats/keys.md.
//
//   version u8 = 2
//   resources: count varint | { size varint | bytes }*     serialized ResourceSpans without
//   scope_spans scopes:    count varint | { size varint | bytes }*     serialized ScopeSpans
//   without spans spans:     count varint | { resource varint | scope varint | size varint |
//   serialized Span }*
//
// The OTLP bytes are kept as they came, so fields that this version does not know survive; what is
// indexed of a span is read from them again. Varints are protobuf's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/span_store.h"

namespace clew::store {

inline constexpr std::uint8_t kFragmentVersion = 2;

// Each span must have its resource and scope. Records that share a pointer share the
// bytes on disk.
std::string EncodeFragment(std::span<const SpanRecord* const> spans);

// All spans of a fragment, in the order given to EncodeFragment. kCorrupt says what does not fit.
Result<std::vector<SpanRecord>> DecodeFragment(std::string_view fragment);

}  // namespace clew::store
