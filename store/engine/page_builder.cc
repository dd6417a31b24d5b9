#include "store/engine/page_builder.h"

#include <algorithm>

namespace clew::store {
namespace {

std::size_t BytesOf(const TraceSummary& summary) {
  std::size_t bytes = sizeof(summary) + summary.root_service.size() + summary.root_name.size();
  for (const std::string& service : summary.services) bytes += sizeof(service) + service.size();
  return bytes;
}

}  // namespace

bool PageBuilder::Reaches(const Place& place) const {
  MutexLock lock(mutex_);
  return found_.size() <= limit_ || Precedes(query_.order, place, std::prev(found_.end())->place);
}

void PageBuilder::Offer(const Place& place, TraceSummary summary) {
  if (!Wants(place)) return;
  MutexLock lock(mutex_);
  const std::size_t bytes = BytesOf(summary);
  if (!found_.insert({place, std::move(summary)}).second) return;
  bytes_ += bytes;
  // A page may be short of its limit, but goes on as long as there is a trace.
  while (found_.size() > limit_ + 1 || (bytes_ > memory_ && found_.size() > 2)) {
    if (found_.size() <= limit_ + 1) limit_ = found_.size() - 2;
    bytes_ -= BytesOf(std::prev(found_.end())->summary);
    found_.erase(std::prev(found_.end()));
  }
}

Page PageBuilder::Finish() const {
  MutexLock lock(mutex_);
  Page page;
  const Place* last = nullptr;
  for (const Found& found : found_) {
    if (page.traces.size() == limit_) {
      if (last != nullptr) page.next_cursor = EncodeCursor(query_, {*last, cursor_.horizon});
      break;
    }
    page.traces.push_back(found.summary);
    last = &found.place;
  }
  return page;
}

Page PageBuilder::FinishPartial(const Place& bound, Partial why) const {
  MutexLock lock(mutex_);
  Page page;
  page.partial = why;
  page.partial_detail = std::string("the search was ended by its ") + PartialName(why);
  const Place* last = nullptr;
  for (const Found& found : found_) {
    if (page.traces.size() == limit_) break;
    if (query_.order == Order::kNewest && !Precedes(query_.order, found.place, bound)) break;
    page.traces.push_back(found.summary);
    last = &found.place;
  }
  if (query_.order == Order::kNewest) {
    const bool full = page.traces.size() == limit_ && last != nullptr;
    Place next = full ? *last : bound;
    if (Precedes(query_.order, next, cursor_.after)) next = cursor_.after;
    page.next_cursor = EncodeCursor(query_, {next, cursor_.horizon});
  }
  return page;
}

}  // namespace clew::store
