// When to try again, and where not to.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

namespace clew::exporting {

using SteadyTime = std::chrono::steady_clock::time_point;

struct BackoffOptions {
  std::chrono::milliseconds initial{1000};
  std::chrono::milliseconds max{30'000};
  double factor = 2.0;
  double jitter = 0.5;  // the delay is spread evenly over +- this share, so that agents do not come
                        // back all at once
};

// The delay before attempt number `attempt` (1: the first retry).
inline std::chrono::milliseconds BackoffDelay(const BackoffOptions& options, int attempt,
                                              std::mt19937& random) {
  const double exponential = static_cast<double>(options.initial.count()) *
                             std::pow(options.factor, std::max(0, attempt - 1));
  const double capped = std::min(exponential, static_cast<double>(options.max.count()));
  std::uniform_real_distribution<double> spread(1 - options.jitter, 1 + options.jitter);
  return std::chrono::milliseconds(static_cast<std::int64_t>(capped * spread(random)));
}

// Whether an endpoint may be asked. Closed: yes. After `threshold` failures in a row it is open:
// no, for a time that grows with every further failure; then one call is let through, whose outcome
// decides.
class CircuitBreaker {
 public:
  CircuitBreaker(int threshold, BackoffOptions backoff)
      : threshold_(threshold), backoff_(backoff) {}

  bool Allows(SteadyTime now) const {
    return now >= not_before_ && (failures_ < threshold_ || !probing_);
  }
  // When Allows can become true by waiting alone.
  SteadyTime retry_at() const { return not_before_; }
  bool open() const { return failures_ >= threshold_; }

  // A call begins that Allows permitted.
  void OnStart() { probing_ = open(); }
  void OnSuccess() {
    failures_ = 0;
    probing_ = false;
  }
  void OnFailure(SteadyTime now, std::mt19937& random) {
    probing_ = false;
    ++failures_;
    if (open()) not_before_ = now + BackoffDelay(backoff_, failures_ - threshold_ + 1, random);
  }
  // The server is there and asks for a pause.
  void OnThrottled(SteadyTime until) {
    failures_ = 0;
    probing_ = false;
    not_before_ = std::max(not_before_, until);
  }

 private:
  const int threshold_;
  const BackoffOptions backoff_;
  int failures_ = 0;
  bool probing_ = false;
  SteadyTime not_before_{};  // no call before this
};

}  // namespace clew::exporting
