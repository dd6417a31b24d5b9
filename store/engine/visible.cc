#include "store/engine/visible.h"

#include <algorithm>

namespace clew::store {

Visible::Visible(RocksDb& db, Catalog catalog)
    : db_(db),
      hot_(std::make_shared<const HotList>()),
      catalog_(std::make_shared<const Catalog>(std::move(catalog))),
      late_(std::make_shared<const LateTraces>()) {
  MutexLock lock(mutex_);
  for (const auto& [unused, meta] : *catalog_) sequence_ = std::max(sequence_, meta->last_arrival);
}

View Visible::Take() const {
  return Take([] {});
}

View Visible::Take(const std::function<void()>& also) const {
  MutexLock lock(mutex_);
  also();
  return {hot_, catalog_, late_, std::make_shared<const DbSnapshot>(db_.db()), sequence_};
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
  MutexLock lock(mutex_);
  if (const Status written = write(); !written) return written;
  catalog_ = std::move(next);
  if (late) late_ = std::move(late);
  return {};
}

Status Visible::Seal(std::size_t sealed, Catalog catalog, std::shared_ptr<const LateTraces> late,
                     const std::function<Status()>& write) {
  auto next = std::make_shared<const Catalog>(std::move(catalog));
  MutexLock lock(mutex_);
  if (const Status written = write(); !written) return written;
  hot_ = std::make_shared<const HotList>(hot_->begin() + static_cast<std::ptrdiff_t>(sealed),
                                         hot_->end());
  catalog_ = std::move(next);
  late_ = std::move(late);
  return {};
}

}  // namespace clew::store
