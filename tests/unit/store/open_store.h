// A store on disk for tests that cannot go on without it.
#pragma once

#include <memory>

#include "base/log.h"
#include "store/rocks_store.h"

namespace clew::store {

// Ends the test program, with the reason, when it cannot be opened.
inline std::unique_ptr<RocksStore> OpenStore(const RocksStoreOptions& options) {
  auto store = OpenRocksStore(options);
  if (!store) LOG_ERROR("open store", {"error", store.error().message});
  CLEW_CHECK(store.has_value());
  return *std::move(store);
}

}  // namespace clew::store
