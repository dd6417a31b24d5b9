#include "collector/pipeline/committer.h"

#include <algorithm>
#include <chrono>
#include <iterator>

#include "store/context_bytes.h"

namespace clew::pipeline {
namespace {

// A group bigger than this gains nothing from sharing its sync, and delays everybody's answer.
constexpr std::size_t kMaxGroupSpans = 8192;
// Nor one with more bytes, of which the write needs several copies at a time.
constexpr std::size_t kMaxGroupBytes = 4 << 20;

std::size_t BytesOf(const store::SpanBatch& batch) {
  std::size_t bytes = 0;
  store::ContextBytes weigh;
  for (const store::SpanRecord& span : batch) bytes += weigh.Add(span);
  return bytes;
}

}  // namespace

Committer::Committer(store::SpanStore& store, collector::Counters& counters)
    : store_(store), counters_(counters), thread_([this] { Run(); }) {}

Committer::~Committer() { Stop(); }

void Committer::Submit(store::SpanBatch batch, Done done) {
  const std::size_t bytes = BytesOf(batch);
  {
    MutexLock lock(mutex_);
    if (!stopping_) {
      pending_.push_back({std::move(batch), bytes, std::move(done)});
      wake_.notify_one();
      return;
    }
  }
  done(Error{Code::kUnavailable, "the collector is stopping"});
}

void Committer::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  MutexLock lock(join_mutex_);
  if (thread_.joinable()) thread_.join();
}

void Committer::Run() {
  for (;;) {
    std::vector<Pending> group;
    {
      MutexLock lock(mutex_);
      wake_.wait(mutex_, [this]() REQUIRES(mutex_) { return stopping_ || !pending_.empty(); });
      if (pending_.empty()) return;
      std::size_t spans = pending_.front().batch.size();
      std::size_t bytes = pending_.front().bytes;
      auto end = pending_.begin() + 1;
      while (end != pending_.end() && spans + end->batch.size() <= kMaxGroupSpans &&
             bytes + end->bytes <= kMaxGroupBytes) {
        spans += end->batch.size();
        bytes += end->bytes;
        ++end;
      }
      group.assign(std::make_move_iterator(pending_.begin()), std::make_move_iterator(end));
      pending_.erase(pending_.begin(), end);
    }
    Commit(std::move(group));
  }
}

void Committer::Commit(std::vector<Pending> group) {
  const auto begin = std::chrono::steady_clock::now();
  store::SpanBatch all = std::move(group.front().batch);
  for (std::size_t i = 1; i < group.size(); ++i) {
    std::move(group[i].batch.begin(), group[i].batch.end(), std::back_inserter(all));
  }
  const Status status = store_.Append(all);
  ++counters_.commits;
  counters_.commit_nanoseconds += static_cast<std::uint64_t>(
      std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count());
  for (Pending& pending : group) pending.done(status);
}

}  // namespace clew::pipeline
