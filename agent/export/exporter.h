// Sends spans to a collector: batches them, retries, fails over, and counts everything that it
// cannot deliver.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "agent/export/backoff.h"
#include "agent/export/span_queue.h"
#include "agent/export/transport.h"
#include "base/counter.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/sink.h"

namespace clew::exporting {

struct ExportOptions {
  std::vector<std::string> endpoints = {"127.0.0.1:4317"};  // in order of preference, at most 64
  std::size_t batch_spans = 512;
  std::size_t batch_bytes = 4 << 20;
  std::chrono::milliseconds batch_delay{1000};  // a span waits no longer for its batch to fill
  SpanQueueLimits queue;
  int max_in_flight = 4;                      // batches that are under way or wait to be sent again
  std::chrono::milliseconds timeout{10'000};  // of one call
  std::chrono::milliseconds give_up_after{
      300'000};  // a batch that nobody took for so long is dropped
  BackoffOptions backoff;
  int breaker_threshold = 3;  // failures in a row that open an endpoint's circuit breaker
  std::chrono::milliseconds slow_span{
      1000};  // from here on a span is kept before others when the queue is full
};

using TransportFactory = std::function<std::unique_ptr<Transport>(const std::string& endpoint)>;

// Push is called by one thread and takes a lock that is held for microseconds only; all else
// happens on a thread of its own.
class Exporter final : public Sink<span::Span> {
 public:
  explicit Exporter(ExportOptions options, const TransportFactory& make = MakeGrpcTransport);
  // Without Shutdown: everything that is queued is dropped.
  ~Exporter() override;

  void Push(span::Span span) override;

  // Sends what is queued, for at most `limit`; what remains then is dropped and counted. No span
  // may be pushed afterwards. True when nothing was left.
  bool Shutdown(std::chrono::milliseconds limit);

  // Spans that are queued or in a batch.
  std::size_t pending() const;
  std::vector<NamedCounter> Counters() const;

 private:
  struct Batch {
    std::shared_ptr<const std::string> request;
    std::size_t spans = 0;
    int attempts = 0;  // calls
    int rounds = 0;    // times that it had to wait
    bool in_flight = false;
    std::uint64_t tried = 0;  // endpoints that failed in this round, by bit
    SteadyTime not_before{};
    SteadyTime born{};
  };
  struct Endpoint {
    std::unique_ptr<Transport> transport;
    CircuitBreaker breaker;
    bool failing = false;  // said in the log once, until it is back
  };
  struct Answer {
    std::list<Batch>::iterator batch;
    std::size_t endpoint = 0;
    ExportResult result;
  };
  struct Counts {
    std::atomic<std::uint64_t> spans_sent{0}, batches_sent{0}, bytes_sent{0}, retries{0},
        failovers{0}, throttled{0};
    std::atomic<std::uint64_t> dropped_queue_full{0}, dropped_rejected{0}, dropped_refused{0},
        dropped_expired{0}, dropped_shutdown{0};
  };

  void Run();
  void CutBatches(SteadyTime now);
  void SendDue(SteadyTime now);
  // The first endpoint that may be asked and was not tried in this round; endpoints_.size(): none.
  std::size_t EndpointFor(const Batch& batch, SteadyTime now) const;
  // No endpoint took it: it waits before all are asked again.
  void EndRound(Batch& batch, SteadyTime now);
  void Send(std::list<Batch>::iterator batch, std::size_t endpoint, SteadyTime now);
  void HandleAnswers(SteadyTime now);
  void HandleAnswer(Answer& answer, SteadyTime now);
  void Drop(std::list<Batch>::iterator batch, std::atomic<std::uint64_t>& reason);
  SteadyTime NextWake(SteadyTime now) const REQUIRES(mutex_);
  bool BatchIsDue(SteadyTime now) const REQUIRES(mutex_);

  const ExportOptions options_;
  Counts counts_;

  // The exporting thread's alone.
  std::list<Batch> batches_;
  std::vector<Endpoint> endpoints_;
  std::mt19937 random_{std::random_device()()};

  mutable Mutex mutex_;
  CondVar wake_;
  SpanQueue queue_ GUARDED_BY(mutex_);
  SteadyTime oldest_ GUARDED_BY(mutex_){};  // when the queue last became non-empty
  std::vector<Answer> answers_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  SteadyTime stop_by_ GUARDED_BY(mutex_){};
  std::atomic<std::size_t> in_batches_{0};  // spans

  std::string scratch_;  // of the pushing thread
  std::thread thread_;
};

}  // namespace clew::exporting
