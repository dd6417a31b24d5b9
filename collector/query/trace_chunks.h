// Packs the spans of a trace into messages of bounded size.
#pragma once

#include <functional>

#include "query/v1/query.pb.h"
#include "store/span_store.h"

namespace clew::query {

inline constexpr std::size_t kMaxChunkBytes = 1 << 20;

// Spans of one resource and scope that come in a row share a ResourceSpans. A chunk holds at least
// one span, and is over kMaxChunkBytes only if that span with its resource is.
class TraceChunks {
 public:
  // Takes a full chunk; false ends it all.
  using Emit = std::function<bool(const v1::GetTraceResponse&)>;
  explicit TraceChunks(Emit emit) : emit_(std::move(emit)) {}

  // False when the receiver of the chunks wants no more.
  bool Add(const store::SpanRecord& span);
  bool Finish();

 private:
  bool Flush();

  Emit emit_;
  v1::GetTraceResponse chunk_;
  std::size_t bytes_ = 0;
  // Of the last span; held, so that another resource cannot come at the same address.
  std::shared_ptr<const std::string> resource_;
  std::shared_ptr<const std::string> scope_;
};

}  // namespace clew::query
