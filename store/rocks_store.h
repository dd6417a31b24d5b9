// The span store on RocksDB. Layout on disk: docs/formats/keys.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "store/span_store.h"

namespace clew::store {

struct RocksStoreOptions {
  std::string path;                             // directory, created when it is not there
  std::uint64_t min_free_bytes = 256ull << 20;  // refuse to write below this much free disk space
  std::size_t trace_cache_bytes = 64ull << 20;  // summaries of traces that still grow
};

// Opens or creates the store; one process at a time can. Errors: kUnavailable (in use, names by
// whom), kUnsupported (written by another version), kDenied, kExhausted, kCorrupt. The destructor
// writes memory out, so that the next start is quick; nothing depends on it being run.
Result<std::unique_ptr<SpanStore>> OpenRocksStore(const RocksStoreOptions& options);

}  // namespace clew::store
