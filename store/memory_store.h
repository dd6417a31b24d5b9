// The store in memory, nothing derived, nothing cached: every question is answered from the spans
// themselves. It is the model that the real stores are compared with, and the store of tests that
// need none on disk.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>

#include "base/mutex.h"
#include "store/scan.h"
#include "store/span_store.h"

namespace clew::store {

// Not durable and not bounded.
class MemoryStore final : public SpanStore {
 public:
  Status Append(const SpanBatch& batch) override;
  Status ReadTrace(const TraceId& trace,
                   const std::function<bool(const SpanRecord&)>& each) override;
  Result<std::vector<TraceId>> FindByPrefix(const std::string& hex_prefix,
                                            std::size_t limit) override;
  Result<Page> Search(const Query& query, const Budget& budget) override;
  Result<std::vector<ServiceInfo>> Services() override;
  Result<Listing<OperationInfo>> Operations(const std::string& service) override;
  Result<Listing<AttributeKeyInfo>> AttributeKeys() override;
  Result<DependencyGraph> Dependencies(UnixNanos start_min, UnixNanos start_max) override;
  StoreStats Stats() override;
  // What retention does to a trace. Its spans may come again.
  void Forget(const TraceId& trace);

 private:
  using Content = std::tuple<std::string, std::string, std::string>;  // resource, scope, span
  // Where the trace stood from one append on.
  struct Move {
    std::uint64_t sequence = 0;
    Place place;
  };
  struct Trace {
    std::set<Content> contents;
    std::vector<SpanRecord> spans;  // by start, then id
    std::vector<Move> moves;        // sequences rise
  };
  // The traces that were there at `horizon`, as they are now, at the places of then.
  TraceSource AsOf(std::uint64_t horizon) REQUIRES(mutex_);
  TraceSource Now() REQUIRES(mutex_) { return AsOf(sequence_); }

  Mutex mutex_;
  std::map<TraceId, Trace> traces_ GUARDED_BY(mutex_);
  std::uint64_t sequence_ GUARDED_BY(mutex_) = 0;  // of the last append
};

}  // namespace clew::store
