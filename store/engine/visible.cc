#include "store/engine/visible.h"

#include <algorithm>

namespace clew::store {
namespace {

// The earliest append of which a segment has spans; without segments the last number there is.
std::uint64_t FirstArrival(const Catalog& catalog) {
  std::uint64_t first = ~0ull;
  for (const auto& [unused, meta] : catalog) first = std::min(first, meta->first_arrival);
  return first;
}

}  // namespace

Visible::Visible(RocksDb& db, Catalog catalog)
    : db_(db),
      hot_(std::make_shared<const HotList>()),
      catalog_(std::make_shared<const Catalog>(std::move(catalog))),
      late_(std::make_shared<const LateTraces>()) {
  MutexLock lock(mutex_);
  for (const auto& [unused, meta] : *catalog_) sequence_ = std::max(sequence_, meta->last_arrival);
  first_sealed_ = FirstArrival(*catalog_);
}

std::uint64_t Visible::first_sequence() const {
  MutexLock lock(mutex_);
  return FirstSequence();
}

std::uint64_t Visible::FirstSequence() const {
  const std::uint64_t first_hot = hot_->empty() ? sequence_ + 1 : hot_->front()->sequence();
  return std::min(first_sealed_, first_hot);
}

View Visible::Take() const {
  return Take([] {});
}

View Visible::Take(const std::function<void()>& also) const {
  MutexLock lock(mutex_);
  also();
  return {hot_, catalog_, late_, std::make_shared<const DbSnapshot>(db_.db()), sequence_,
          FirstSequence()};
}

void Visible::Append(std::shared_ptr<const HotChunk> chunk,
                     std::shared_ptr<const LateTraces> late) {
  MutexLock lock(mutex_);
  auto hot = std::make_shared<HotList>(*hot_);
  sequence_ = std::max(sequence_, chunk->sequence());
  hot->push_back(std::move(chunk));
  hot_ = std::move(hot);
  if (late) late_ = std::move(late);
}

Status Visible::Replace(Catalog catalog, std::shared_ptr<const LateTraces> late,
                        const std::function<Status()>& write) {
  auto next = std::make_shared<const Catalog>(std::move(catalog));
  const std::uint64_t first_sealed = FirstArrival(*next);
  MutexLock lock(mutex_);
  if (const Status written = write(); !written) return written;
  catalog_ = std::move(next);
  first_sealed_ = first_sealed;
  if (late) late_ = std::move(late);
  return {};
}

Status Visible::Seal(std::size_t sealed, Catalog catalog, std::shared_ptr<const LateTraces> late,
                     const std::function<Status()>& write) {
  auto next = std::make_shared<const Catalog>(std::move(catalog));
  MutexLock lock(mutex_);
  if (const Status written = write(); !written) return written;
  if (sealed > 0) first_sealed_ = std::min(first_sealed_, hot_->front()->sequence());
  hot_ = std::make_shared<const HotList>(hot_->begin() + static_cast<std::ptrdiff_t>(sealed),
                                         hot_->end());
  catalog_ = std::move(next);
  late_ = std::move(late);
  return {};
}

}  // namespace clew::store
