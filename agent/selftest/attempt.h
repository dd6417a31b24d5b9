// One asking of one question: how long it may take, and the first thing that went wrong.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>

#include "base/result.h"

namespace clew::selftest {

// Failure is sticky, so that a question reads as the list of its steps: once failed, every further
// step does nothing.
//   kCorrupt      an answer or a byte is not what an untouched socket gives
//   kUnavailable  nothing came in time: harm, or a loaded machine; the question is asked again
//   others        the question could not be asked
class Attempt {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Attempt(std::chrono::milliseconds limit)
      : limit_(limit), deadline_(Clock::now() + limit) {}

  bool ok() const { return status_.has_value(); }
  const Status& status() const { return status_; }
  void Fail(Error error) {
    if (ok()) status_ = std::move(error);
  }
  void Wrong(std::string what) { Fail({Code::kCorrupt, std::move(what)}); }
  void TooLate(std::string what) { Fail({Code::kUnavailable, std::move(what)}); }

  std::chrono::milliseconds limit() const { return limit_; }
  std::chrono::milliseconds Left() const {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
    return std::max(left, std::chrono::milliseconds(0));
  }

 private:
  std::chrono::milliseconds limit_;
  Clock::time_point deadline_;
  Status status_;
};

}  // namespace clew::selftest
