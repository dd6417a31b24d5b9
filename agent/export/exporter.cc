#include "agent/export/exporter.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace clew::exporting {
namespace {

using Clock = std::chrono::steady_clock;
using Outcome = ExportResult::Outcome;

// Everything around the spans of a batch: resources, scope, tags. Keeps the message under the cap.
constexpr std::size_t kEnvelopeBytes = 64 << 10;

}  // namespace

Exporter::Exporter(ExportOptions options, const TransportFactory& make)
    : options_(std::move(options)), queue_(options_.queue) {
  for (const std::string& endpoint : options_.endpoints) {
    endpoints_.push_back(
        {make(endpoint), CircuitBreaker(options_.breaker_threshold, options_.backoff)});
  }
  thread_ = std::thread([this]() { Run(); });
}

Exporter::~Exporter() { Shutdown(std::chrono::milliseconds(0)); }

// Encoded at once, on the caller's thread: the encoded span is a third of the object, one
// allocation instead of thirty, and its strings are freed by the thread that made them.
void Exporter::Push(span::Span span) {
  EncodedSpan encoded;
  scratch_.clear();
  EncodeSpan(span, scratch_);
  encoded.bytes = scratch_;
  encoded.important =
      span.status == span::StatusCode::kError || span.end - span.start >= options_.slow_span;
  encoded.resource = std::move(span.resource);
  std::size_t given_up = 0;
  bool wake = false;
  {
    MutexLock lock(mutex_);
    if (stopping_) {
      given_up = 1;
    } else {
      const std::size_t before = queue_.size();
      if (before == 0) oldest_ = Clock::now();
      given_up = queue_.Push(std::move(encoded));
      // Once when there is something to wait for, once when it need not wait any longer: never for
      // every span.
      wake =
          before == 0 || (before < options_.batch_spans && queue_.size() >= options_.batch_spans);
    }
  }
  if (given_up > 0) counts_.dropped_queue_full.fetch_add(given_up, std::memory_order_relaxed);
  if (wake) wake_.notify_one();
}

bool Exporter::Shutdown(std::chrono::milliseconds limit) {
  {
    MutexLock lock(mutex_);
    if (!stopping_) stop_by_ = Clock::now() + limit;
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  for (Endpoint& endpoint : endpoints_) endpoint.transport.reset();  // its callbacks use us
  return counts_.dropped_shutdown.load() == 0;
}

std::size_t Exporter::pending() const {
  MutexLock lock(mutex_);
  return queue_.size() + in_batches_.load();
}

void Exporter::Run() {
  while (true) {
    const SteadyTime now = Clock::now();
    HandleAnswers(now);
    CutBatches(now);
    SendDue(now);
    MutexLock lock(mutex_);
    if (stopping_ && ((queue_.empty() && batches_.empty()) || now >= stop_by_)) {
      const std::size_t left = queue_.size() + in_batches_.load();
      if (left > 0) LOG_WARN("spans dropped at shutdown", {"spans", std::to_string(left)});
      counts_.dropped_shutdown += left;
      return;
    }
    const SteadyTime until = NextWake(now);
    // A wake-up that finds nothing to do costs one more turn of the loop, so no predicate is
    // needed.
    if (answers_.empty() && until > Clock::now()) wake_.wait_until(mutex_, until);
  }
}

bool Exporter::BatchIsDue(SteadyTime now) const {
  if (queue_.empty()) return false;
  return stopping_ || queue_.size() >= options_.batch_spans ||
         now >= oldest_ + options_.batch_delay;
}

SteadyTime Exporter::NextWake(SteadyTime now) const {
  SteadyTime next = now + std::chrono::hours(1);
  if (stopping_) next = stop_by_;
  const bool room = static_cast<int>(batches_.size()) < options_.max_in_flight;
  if (!queue_.empty() && room)
    next = std::min(next, BatchIsDue(now) ? now : oldest_ + options_.batch_delay);
  SteadyTime endpoint_ready = SteadyTime::max();
  for (const Endpoint& endpoint : endpoints_) {
    // A probe is under way: its answer wakes us.
    if (endpoint.breaker.retry_at() > now || endpoint.breaker.Allows(now)) {
      endpoint_ready = std::min(endpoint_ready, std::max(now, endpoint.breaker.retry_at()));
    }
  }
  for (const Batch& batch : batches_) {
    if (!batch.in_flight) next = std::min(next, std::max(batch.not_before, endpoint_ready));
  }
  return next;
}

void Exporter::CutBatches(SteadyTime now) {
  while (static_cast<int>(batches_.size()) < options_.max_in_flight) {
    std::vector<EncodedSpan> spans;
    {
      MutexLock lock(mutex_);
      if (!BatchIsDue(now)) return;
      spans = queue_.Pop(options_.batch_spans, options_.batch_bytes - kEnvelopeBytes);
      in_batches_ += spans.size();
      oldest_ = now;
    }
    Batch batch;
    batch.request = std::make_shared<const std::string>(EncodeRequest(spans));
    batch.spans = spans.size();
    batch.born = now;
    batches_.push_back(std::move(batch));
  }
}

void Exporter::SendDue(SteadyTime now) {
  for (auto batch = batches_.begin(); batch != batches_.end();) {
    const auto current = batch++;
    if (current->in_flight || current->not_before > now) continue;
    if (now - current->born >= options_.give_up_after) {
      Drop(current, counts_.dropped_expired);
      continue;
    }
    const std::size_t endpoint = EndpointFor(*current, now);
    if (endpoint < endpoints_.size()) {
      Send(current, endpoint, now);
    } else if (current->tried != 0) {
      EndRound(*current, now);  // the one that was left has failed others meanwhile
    }
  }
}

std::size_t Exporter::EndpointFor(const Batch& batch, SteadyTime now) const {
  std::size_t i = 0;
  while (i < endpoints_.size() &&
         ((batch.tried >> i & 1) != 0 || !endpoints_[i].breaker.Allows(now)))
    ++i;
  return i;
}

void Exporter::EndRound(Batch& batch, SteadyTime now) {
  batch.tried = 0;
  batch.not_before = now + BackoffDelay(options_.backoff, ++batch.rounds, random_);
}

void Exporter::Send(std::list<Batch>::iterator batch, std::size_t index, SteadyTime now) {
  Endpoint& endpoint = endpoints_[index];
  endpoint.breaker.OnStart();
  batch->in_flight = true;
  if (batch->attempts++ > 0) ++counts_.retries;
  if (index > 0) ++counts_.failovers;
  counts_.bytes_sent += batch->request->size();
  std::chrono::milliseconds timeout = options_.timeout;
  {
    MutexLock lock(mutex_);
    if (stopping_)
      timeout = std::min(timeout, std::chrono::ceil<std::chrono::milliseconds>(stop_by_ - now));
  }
  endpoint.transport->Export(batch->request, timeout, [this, batch, index](ExportResult result) {
    MutexLock lock(mutex_);
    answers_.push_back({batch, index, std::move(result)});
    wake_.notify_one();  // under the lock: the exporter may be destroyed as soon as it is free
  });
}

void Exporter::HandleAnswers(SteadyTime now) {
  std::vector<Answer> answers;
  {
    MutexLock lock(mutex_);
    answers.swap(answers_);
  }
  for (Answer& answer : answers) HandleAnswer(answer, now);
}

void Exporter::HandleAnswer(Answer& answer, SteadyTime now) {
  Endpoint& endpoint = endpoints_[answer.endpoint];
  const ExportResult& result = answer.result;
  Batch& batch = *answer.batch;
  batch.in_flight = false;
  switch (result.outcome) {
    case Outcome::kAccepted: {
      endpoint.breaker.OnSuccess();
      if (std::exchange(endpoint.failing, false))
        LOG_INFO("collector is back", {"endpoint", endpoint.transport->endpoint()});
      const auto rejected = std::min(static_cast<std::uint64_t>(result.rejected_spans),
                                     static_cast<std::uint64_t>(batch.spans));
      if (rejected > 0) {
        LOG_WARN("collector rejected spans", {"spans", std::to_string(rejected)},
                 {"reason", result.message});
      }
      counts_.dropped_rejected += rejected;
      counts_.spans_sent += batch.spans - rejected;
      ++counts_.batches_sent;
      in_batches_ -= batch.spans;
      batches_.erase(answer.batch);
      return;
    }
    case Outcome::kThrottled: {
      ++counts_.throttled;
      endpoint.breaker.OnThrottled(now + result.retry_delay.value_or(std::chrono::milliseconds(0)));
      // A pause of nothing from a server that is always full would spin.
      batch.not_before =
          now + std::min(BackoffDelay(options_.backoff, ++batch.rounds, random_),
                         std::max(result.retry_delay.value_or(std::chrono::milliseconds(0)),
                                  options_.backoff.initial));
      return;
    }
    case Outcome::kRetryable: {
      endpoint.breaker.OnFailure(now, random_);
      if (!std::exchange(endpoint.failing, true)) {
        LOG_WARN("collector does not take spans, will retry",
                 {"endpoint", endpoint.transport->endpoint()}, {"reason", result.message});
      }
      // Another endpoint may take it at once; when all have had their turn, it waits for the next
      // round.
      batch.tried |= std::uint64_t{1} << answer.endpoint;
      if (EndpointFor(batch, now) < endpoints_.size()) {
        batch.not_before = now;
      } else {
        EndRound(batch, now);
      }
      return;
    }
    case Outcome::kRefused: {
      endpoint.breaker.OnSuccess();  // it is there; what it does not like is the batch
      LOG_ERROR("collector refused a batch for good", {"endpoint", endpoint.transport->endpoint()},
                {"spans", std::to_string(batch.spans)}, {"reason", result.message});
      Drop(answer.batch, counts_.dropped_refused);
      return;
    }
  }
}

void Exporter::Drop(std::list<Batch>::iterator batch, std::atomic<std::uint64_t>& reason) {
  reason += batch->spans;
  in_batches_ -= batch->spans;
  batches_.erase(batch);
}

std::vector<NamedCounter> Exporter::Counters() const {
  return {
      {"spans_sent", "Spans that a collector acknowledged", counts_.spans_sent},
      {"batches_sent", "Batches that a collector acknowledged", counts_.batches_sent},
      {"export_bytes", "Bytes of export requests, repeated ones included", counts_.bytes_sent},
      {"export_retries", "Batches that were sent again", counts_.retries},
      {"export_failovers", "Batches that were sent to another than the first endpoint",
       counts_.failovers},
      {"export_throttled", "Batches that a collector asked to send later", counts_.throttled},
      {"spans_dropped_queue_full", "Spans dropped because the queue was full",
       counts_.dropped_queue_full},
      {"spans_dropped_rejected", "Spans that a collector rejected from an accepted batch",
       counts_.dropped_rejected},
      {"spans_dropped_refused", "Spans of batches that a collector refused for good",
       counts_.dropped_refused},
      {"spans_dropped_expired", "Spans of batches that no collector took in time",
       counts_.dropped_expired},
      {"spans_dropped_shutdown", "Spans that could not be sent before the agent ended",
       counts_.dropped_shutdown},
  };
}

}  // namespace clew::exporting
