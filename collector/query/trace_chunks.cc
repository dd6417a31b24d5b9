#include "collector/query/trace_chunks.h"

#include "base/log.h"

namespace clew::query {
namespace {

// What the receiver accepts a generated parser accepts too; a span for which that is not so must
// not hide the others.
template <typename Message>
void Parse(const std::string& bytes, const TraceId& trace, Message& out) {
  if (!out.ParseFromString(bytes)) {
    LOG_ERROR("stored bytes are not a protobuf message", {"trace_id", trace.ToHex()});
  }
}

}  // namespace

bool TraceChunks::Add(const store::SpanRecord& span) {
  const std::size_t context = span.resource->size() + span.scope->size();
  const bool same = span.resource == resource_ && span.scope == scope_;
  if (bytes_ > 0 && bytes_ + span.span.size() + (same ? 0 : context) > kMaxChunkBytes) {
    if (!Flush()) return false;
  }
  if (bytes_ == 0 || !same) {
    auto& resource_spans = *chunk_.add_resource_spans();
    Parse(*span.resource, span.trace_id, resource_spans);
    Parse(*span.scope, span.trace_id, *resource_spans.add_scope_spans());
    resource_ = span.resource;
    scope_ = span.scope;
    bytes_ += context;
  }
  auto& resource_spans = *chunk_.mutable_resource_spans()->rbegin();
  Parse(span.span, span.trace_id, *resource_spans.mutable_scope_spans(0)->add_spans());
  bytes_ += span.span.size();
  return true;
}

bool TraceChunks::Finish() { return bytes_ == 0 || Flush(); }

bool TraceChunks::Flush() {
  const bool more = emit_(chunk_);
  chunk_.Clear();
  bytes_ = 0;
  return more;
}

}  // namespace clew::query
