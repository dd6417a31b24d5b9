// The one query model: what tracectl, the query service and every store understand.
//
// A query finds traces. Its span conditions must all hold on one and the same span of the trace,
// its trace conditions on the trace as a whole; a query without conditions finds every trace of its
// time range. The text form is store/query/parse.h, the meaning for users docs/query.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "store/query/value.h"

namespace clew::store {

// What a condition looks at. Numbers are stored in cursors' fingerprints only, never on disk.
enum class Field : std::uint8_t {
  // Of a span:
  kService,    // text: the resource's service.name
  kName,       // text
  kKind,       // OTLP's number, see KindName
  kStatus,     // OTLP's number, see StatusName
  kDuration,   // nanoseconds, end - start, negative when the clocks say so
  kAttribute,  // the value under Condition::key
  // Of a trace, decided by its TraceSummary alone:
  kTraceDuration,  // nanoseconds
  kTraceErrors,    // number of spans with status ERROR
  kTraceSpans,     // number of spans
  kRootService,    // TraceSummary::root_service
  kRootName,       // TraceSummary::root_name
};
inline bool IsOfTrace(Field field) { return field >= Field::kTraceDuration; }

enum class Op : std::uint8_t {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kExists,
  kRegex
};

// Where kAttribute looks: `span.` or `resource.` prefix, or either.
enum class AttributeScope : std::uint8_t { kEither, kSpan, kResource };

// What a value is compared with: a number, or else a text.
struct Literal {
  std::string text;  // kRegex: the expression (RE2 syntax), which must match somewhere in the text
  std::optional<Number> number;  // set: the text is empty
  bool operator==(const Literal&) const = default;
};

// Holds when there is a value (of the field, of the attribute in one of the scopes) for which
// `value op literal` is true. So kNotEqual needs the attribute to be there.
struct Condition {
  Field field = Field::kAttribute;
  AttributeScope scope = AttributeScope::kEither;  // kAttribute only
  std::string key;                                 // kAttribute only
  Op op = Op::kEqual;
  Literal literal;  // nothing for kExists
  bool operator==(const Condition&) const = default;
};

enum class Order : std::uint8_t {
  kNewest,   // trace start falling, then id rising
  kSlowest,  // trace duration falling, then start falling, then id rising
};

inline constexpr std::size_t kMaxConditions = 32;
inline constexpr std::size_t kMaxLiteralBytes = 4096;  // of a key or a literal
inline constexpr std::uint32_t kMaxLimit = 10'000;

struct Query {
  std::vector<Condition> conditions;       // at most kMaxConditions
  UnixNanos start_min{};                   // of the trace's start, inclusive
  UnixNanos start_max = UnixNanos::max();  // inclusive
  Order order = Order::kNewest;
  std::uint32_t limit = 20;  // traces of a page, at most kMaxLimit
  std::string cursor;        // Page::next_cursor of the page before; empty: the first page
};

// What an answer may cost. A search that reaches a bound answers what it has, marked partial.
struct Budget {
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::size_t memory_bytes = 256u << 20;
  std::function<bool()> cancelled;  // asked from time to time, from any thread; may be empty
};

// Why a page is not all that its query asks for.
enum class Partial : std::uint8_t {
  kNo,          // it is
  kDeadline,    // Budget::deadline
  kMemory,      // Budget::memory_bytes
  kCancelled,   // Budget::cancelled
  kUnreadable,  // a part of the store is damaged; the detail says where
};

struct TraceSummary {
  TraceId trace_id;
  std::string root_service;
  std::string root_name;
  bool has_root = false;
  UnixNanos start{};
  UnixNanos end{};
  std::uint32_t span_count = 0;
  std::uint32_t error_count = 0;
  std::vector<std::string> services;  // sorted, unique
};

struct Page {
  std::vector<TraceSummary> traces;  // in the query's order
  std::string next_cursor;           // where the next page begins; empty: this was the last one
  Partial partial = Partial::kNo;
  std::string partial_detail;  // for people; empty with kNo
};

// OTLP's names in lower case: "server", "error"; "unknown" for a number that OTLP does not define.
const char* KindName(std::uint8_t kind);
const char* StatusName(std::uint8_t status);
// One lower-case word: "deadline".
const char* PartialName(Partial partial);

// What the model promises of every query that reaches a store: bounded, literals that fit their
// fields. Regular expressions are compiled by Predicate. kInvalid says what is wrong.
Status Validate(const Query& query);

}  // namespace clew::store
