#include "store/engine/family_cursor.h"

#include <unordered_map>
#include <utility>

namespace clew::store {
namespace {

class FamilyCursor final : public TraceCursor {
 public:
  FamilyCursor(Family family, std::unique_ptr<TraceCursor> spans)
      : family_(std::move(family)), spans_(std::move(spans)) {
    for (const FamilyMember& member : family_) members_.emplace(member.trace, &member);
  }

  Result<SpanBatch> Next() override {
    auto spans = spans_->Next();
    if (!spans) return spans;
    const TraceId& top = family_.front().trace;
    for (SpanRecord& span : *spans) AdoptSpan(top, *members_.at(span.trace_id), span);
    return spans;
  }

 private:
  const Family family_;
  const std::unique_ptr<TraceCursor> spans_;
  std::unordered_map<TraceId, const FamilyMember*> members_;
};

}  // namespace

Result<std::unique_ptr<TraceCursor>> OpenFamily(const TraceParts& parts, View view, Family family) {
  std::vector<TraceId> traces;
  traces.reserve(family.size());
  for (const FamilyMember& member : family) traces.push_back(member.trace);
  auto spans = parts.Open(std::move(view), traces);
  if (!spans || family.size() == 1) return spans;
  return std::unique_ptr<TraceCursor>(
      std::make_unique<FamilyCursor>(std::move(family), *std::move(spans)));
}

}  // namespace clew::store
