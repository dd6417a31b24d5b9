// The store in memory, nothing derived, nothing cached: every question is answered from the spans
// themselves. It is the model that the real stores are compared with, and the store of tests that
// need none on disk.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>

#include "base/mutex.h"
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
  Result<std::vector<TraceSummary>> Search(const TraceQuery& query) override;
  Result<std::vector<ServiceInfo>> Services() override;
  StoreStats Stats() override;

 private:
  using Content = std::tuple<std::string, std::string, std::string>;  // resource, scope, span
  struct Trace {
    std::set<Content> contents;
    std::vector<SpanRecord> spans;
  };

  Mutex mutex_;
  std::map<TraceId, Trace> traces_ GUARDED_BY(mutex_);
};

}  // namespace clew::store
