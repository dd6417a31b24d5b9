// The words of the text form, shared by its reader and its writer.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "store/query/query.h"

namespace clew::store::syntax {

inline constexpr std::string_view kSpanPrefix = "span.";
inline constexpr std::string_view kResourcePrefix = "resource.";
inline constexpr std::string_view kTracePrefix = "trace.";
inline constexpr std::string_view kExists = "exists";

struct FieldWord {
  std::string_view word;
  Field field;
};
// The first word of a field is the one that is written.
inline constexpr std::array<FieldWord, 11> kFieldWords = {{
    {"service", Field::kService},
    {"name", Field::kName},
    {"operation", Field::kName},
    {"kind", Field::kKind},
    {"status", Field::kStatus},
    {"duration", Field::kDuration},
    {"trace.duration", Field::kTraceDuration},
    {"trace.errors", Field::kTraceErrors},
    {"trace.spans", Field::kTraceSpans},
    {"trace.root.service", Field::kRootService},
    {"trace.root.name", Field::kRootName},
}};
// error=true is status=error, trace.error=true is trace.errors>0.
inline constexpr std::string_view kSpanError = "error";
inline constexpr std::string_view kTraceError = "trace.error";

struct OpWord {
  std::string_view word;
  Op op;
};
// Longer ones first, so that the first one that fits is right.
inline constexpr std::array<OpWord, 7> kOpWords = {{
    {"!=", Op::kNotEqual},
    {"<=", Op::kLessEqual},
    {">=", Op::kGreaterEqual},
    {"=", Op::kEqual},
    {"<", Op::kLess},
    {">", Op::kGreater},
    {"~", Op::kRegex},
}};

inline std::optional<Field> FindField(std::string_view word) {
  const auto* const at = std::find_if(kFieldWords.begin(), kFieldWords.end(),
                                      [&](const FieldWord& f) { return f.word == word; });
  if (at == kFieldWords.end()) return std::nullopt;
  return at->field;
}

inline bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
// Ends a key that is not quoted.
inline bool EndsKey(char c) {
  return IsSpace(c) || c == '=' || c == '!' || c == '<' || c == '>' || c == '~' || c == '"';
}

}  // namespace clew::store::syntax
