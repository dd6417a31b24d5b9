// What spans weigh with their resources and scopes, which many of them share.
#pragma once

#include <cstddef>
#include <string>

#include "store/flat_map.h"
#include "store/span_record.h"

namespace clew::store {

// Sums up the bytes of spans as they came. A resource or scope counts once, as long as spans share
// it in memory, too: bounds on bytes must hold where each span brings a large one of its own.
class ContextBytes {
 public:
  // What the span adds to the sum: itself, and what of its resource and scope is new.
  std::size_t Add(const SpanRecord& span) {
    return span.span.size() + New(span.resource.get(), resource_) + New(span.scope.get(), scope_);
  }

 private:
  std::size_t New(const std::string* bytes, const std::string*& last) {
    if (bytes == last) return 0;  // most of them come in a row
    last = bytes;
    return seen_.Insert(reinterpret_cast<std::uintptr_t>(bytes)) ? bytes->size() : 0;
  }

  const std::string* resource_ = nullptr;  // of the last span
  const std::string* scope_ = nullptr;
  FlatSet seen_;
};

}  // namespace clew::store
