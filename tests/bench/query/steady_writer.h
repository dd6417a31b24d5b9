// Writes spans at a steady rate for as long as it lives.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>

#include "realistic.h"
#include "store/span_store.h"

namespace clew::bench {

class SteadyWriter {
 public:
  // Traces of `workload` from number 0 on. `store` and `workload` must outlive the writer.
  SteadyWriter(store::SpanStore& store, const Workload& workload, std::uint64_t spans_per_second)
      : thread_([this, &store, &workload, spans_per_second](std::stop_token stop) {
          constexpr std::uint64_t kTracesOfABatch = 64;
          const std::chrono::nanoseconds step(kTracesOfABatch * kSpansPerTrace * 1'000'000'000 /
                                              spans_per_second);
          auto next = std::chrono::steady_clock::now();
          for (std::uint64_t first = 0; !stop.stop_requested(); first += kTracesOfABatch) {
            if (!store.Append(workload.Records(first, kTracesOfABatch))) ++failed_;
            spans_ += kTracesOfABatch * kSpansPerTrace;
            next += step;
            std::this_thread::sleep_until(next);
          }
        }) {}

  std::uint64_t spans() const { return spans_; }
  std::uint64_t failed() const { return failed_; }

 private:
  std::atomic<std::uint64_t> spans_{0};
  std::atomic<std::uint64_t> failed_{0};  // batches
  std::jthread thread_;                   // uses the above
};

}  // namespace clew::bench
