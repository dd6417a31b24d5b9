// Rows of the families `alias` and `pending`, as docs/formats/keys.md lists them. As in
// store/keys.h: big-endian, never reordered, and decoders take any bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/join/alias.h"
#include "store/join/join_table.h"

namespace clew::store {

// alias: 't' | trace_id[16] -> parent_trace[16] | root[8] | parent[8] | sequence u64be
//                              | confidence u16be | method
std::string AliasKey(const TraceId& trace);
std::string EncodeAlias(const Alias& alias);  // without `trace`, which the key has
std::optional<Alias> DecodeAlias(const TraceId& trace, std::string_view value);
// alias: 'c' | parent_trace[16] | trace_id[16] -> sequence u64be
std::string ChildKey(const TraceId& parent, const TraceId& child);
std::string ChildPrefix(const TraceId& parent);
std::optional<TraceId> DecodeChild(std::string_view key);
std::string EncodeChild(std::uint64_t sequence);
// alias: 'f' | trace_id[16] of a top -> sequence u64be | traces u32be | height u32be
std::string ExtentKey(const TraceId& top);
std::string EncodeExtent(const FamilyExtent& extent, std::uint64_t sequence);
std::optional<FamilyExtent> DecodeExtent(std::string_view value);
// The append that wrote a row of this family; nothing for other bytes.
std::optional<std::uint64_t> SequenceOfAliasRow(std::string_view key, std::string_view value);

// pending: sequence u64be | index u32be -> wire key[16] | flags u8 (1 server, 2 error) |
//   trace_id[16] | span_id[8] | start u64be | end u64be | arrived u64be | weight u64be (bits of a
//   double) | service
std::string PendingKey(std::uint64_t sequence, std::uint32_t index);
std::string EncodePending(const WaitingSpan& span);
std::optional<WaitingSpan> DecodePending(std::string_view key, std::string_view value);

}  // namespace clew::store
