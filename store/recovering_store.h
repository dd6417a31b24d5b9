// A store that gets over failed writes by itself: it closes the one behind it and opens it again
// when the disk is well.
#pragma once

#include <functional>
#include <memory>

#include "store/rocks_store.h"

namespace clew::store {

// `open`: opens the store behind; called once at once, whose error is returned, and again after
// failed writes. Of `options` the path, the env and the interval are used.
Result<std::unique_ptr<RocksStore>> OpenRecovering(
    std::function<Result<std::unique_ptr<RocksStore>>()> open, const RocksStoreOptions& options);

}  // namespace clew::store
