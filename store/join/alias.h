// An alias: a trace whose root is a call that belongs to another trace. Found out after both had
// made their ids, so the spans stay as they came and are put together when somebody asks.
//
//   trace T1:  GET /a (server) ── GET /b (client) ┄┄┄ alias ┄┄┄ GET /b (server) ── ...  : trace T2
//
// Traces under aliases form trees, families; the trace that belongs to no other one is the top of
// its family. An alias is never changed once it is made.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"

namespace clew::store {

// Bounds of a family, whatever is sent: a chain or a crowd beyond them is not put together.
inline constexpr std::uint32_t kMaxFamilyDepth = 32;  // aliases between a trace and its top
inline constexpr std::uint32_t kMaxFamily = 1024;     // traces
inline constexpr std::size_t kMaxAliasMethod = 32;    // bytes
inline constexpr std::uint16_t kCertain = 10'000;     // Alias::confidence of 1

struct Alias {
  TraceId trace;  // belongs to `parent_trace`
  SpanId root;    // its span without a parent, which becomes
  TraceId parent_trace;
  SpanId parent;       // ... a child of this one
  std::string method;  // "join", or what an agent calls its evidence
  std::uint16_t confidence = kCertain;
  // Of the append that made it, which brought a span of one of both: pages of before do not know
  // it, and it goes when retention takes everything that came so early.
  std::uint64_t sequence = 0;
  bool operator==(const Alias&) const = default;
};

// How large the family of a top is.
struct FamilyExtent {
  std::uint32_t traces = 1;
  std::uint32_t height = 0;  // aliases from the deepest trace up to the top
  bool operator==(const FamilyExtent&) const = default;
};

// Where aliases are kept.
class AliasReader {
 public:
  virtual ~AliasReader() = default;
  // The alias by which `trace` belongs to another one; nothing for a top.
  virtual Result<std::optional<Alias>> AliasOf(const TraceId& trace) const = 0;
  // Of a top.
  virtual Result<FamilyExtent> ExtentOf(const TraceId& top) const = 0;
  // The traces that belong to `parent` directly, ids rising, until `each` returns false.
  virtual Status EachChild(const TraceId& parent,
                           const std::function<bool(const TraceId&)>& each) const = 0;
};

}  // namespace clew::store
