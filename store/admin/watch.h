// How somebody follows a long operation of the store, and ends it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"

namespace clew::store {

struct Progress {
  std::string what;         // "segments"
  std::uint64_t done = 0;   // of `total`
  std::uint64_t total = 0;  // 0: not known
};

// Both may be empty. They are called often, by one thread at a time: they must be quick.
struct Watch {
  std::function<void(const Progress&)> progress;
  std::function<bool()> cancelled;  // true: end now

  void Report(const char* what, std::uint64_t done, std::uint64_t total) const {
    if (progress) progress({what, done, total});
  }
  bool Cancelled() const { return cancelled && cancelled(); }
};

// What an operation that was cancelled ends with.
inline Error CancelledError() { return {Code::kUnavailable, "cancelled"}; }

}  // namespace clew::store
