// The store in memory, nothing derived, nothing cached: every question is answered from the spans
// themselves. It is the model that the real stores are compared with, and the store of tests that
// need none on disk.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "base/mutex.h"
#include "store/join/alias_table.h"
#include "store/join/family.h"
#include "store/scan.h"
#include "store/span_store.h"

namespace clew::store {

// Not durable and not bounded.
class MemoryStore final : public SpanStore {
 public:
  // `clock`: by which spans come.
  explicit MemoryStore(std::function<UnixNanos()> clock = UnixClock::now)
      : clock_(std::move(clock)) {}
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
  // What retention does to a trace, and to those that it is one with. Their spans may come again.
  void Forget(const TraceId& trace);

 private:
  using Content = std::tuple<std::string, std::string, std::string>;  // resource, scope, span
  struct StoredTrace {
    std::set<Content> contents;
    std::vector<SpanRecord> spans;        // by start, then id
    std::vector<std::uint64_t> arrivals;  // of the appends that brought them
    std::uint64_t last_arrival = 0;
  };
  using Traces = std::map<TraceId, StoredTrace>;
  // The traces as they were at `horizon`; those that belong together one behind the other, as their
  // families have them.
  static TraceSource AsOf(std::uint64_t horizon, const Traces& traces, const AliasTable& aliases);
  // All of them; those that belong together are one.
  static TraceSource Whole(const Traces& traces, const AliasTable& aliases);
  TraceSource Now() REQUIRES(mutex_) { return AsOf(sequence_, traces_, aliases_); }
  // Those of a trace that came up to `horizon`; views the trace, or `copies` when there are others.
  static std::span<const SpanRecord> SpansOf(const StoredTrace& trace, std::uint64_t horizon,
                                             std::vector<SpanRecord>& copies);
  // All, as those of the top.
  static std::vector<SpanRecord> SpansOf(const Traces& traces, const Family& family);

  const std::function<UnixNanos()> clock_;
  Mutex mutex_;
  Traces traces_ GUARDED_BY(mutex_);
  Joiner joiner_ GUARDED_BY(mutex_);
  AliasTable aliases_ GUARDED_BY(mutex_);
  std::uint64_t sequence_ GUARDED_BY(mutex_) = 0;  // of the last append
};

}  // namespace clew::store
