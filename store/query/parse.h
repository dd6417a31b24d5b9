// The text form of conditions: what people type. docs/query.md is its specification.
//
//   expression := [ condition { space condition } ]
//   condition  := key op value | key "exists"            spaces around op are allowed
//   op         := = | != | < | <= | > | >= | ~
//   key        := word | "span." name | "resource." name   a word that names a field means the
//   field value      := word | quoted quoted     := " ... "        \" is a quote, \\ a backslash,
//   any other backslash stands for itself
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/query/query.h"

namespace clew::store {

inline constexpr std::size_t kMaxExpressionBytes = 64 << 10;

// The conditions, at most kMaxConditions. kInvalid names the column (bytes, from 1), what is wrong
// there and what is accepted. Regular expressions are not compiled here.
Result<std::vector<Condition>> ParseConditions(std::string_view text);

}  // namespace clew::store
