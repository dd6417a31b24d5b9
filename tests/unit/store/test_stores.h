// A test that is asked of every store.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "store/memory_store.h"
#include "store/rocks_store.h"
#include "test_spans.h"

namespace clew::store {

class AnyStore : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (std::string(GetParam()) == "memory") {
      store_ = std::make_unique<MemoryStore>();
      return;
    }
    RocksStoreOptions options{.path = dir_.path()};
    if (std::string(GetParam()) == "sealed") {  // at once, in segments of a few spans
      options.seal_spans = 1;
      options.segment_rows = 3;
    }
    auto store = OpenRocksStore(options);
    ASSERT_TRUE(store) << store.error().message;
    store_ = *std::move(store);
  }
  void Add(const TestSpan& span) { ASSERT_TRUE(store_->Append({MakeSpan(span)})); }
  // Names of the traces of all pages.
  std::vector<std::string> Found(const Query& query) {
    std::vector<std::string> names;
    for (const TraceSummary& summary : SearchAll(*store_, query)) {
      names.push_back(summary.root_name);
    }
    return names;
  }
  std::vector<std::string> Found(const char* expression) { return Found(Ask(expression)); }
  TempDir dir_;
  std::unique_ptr<SpanStore> store_;
};

inline auto EveryStore() { return testing::Values("memory", "rocks", "sealed"); }
inline std::string StoreName(const testing::TestParamInfo<const char*>& param) {
  return param.param;
}

}  // namespace clew::store
