// rocks_store against memory_store: random batches, questions and reopenings must be told apart by
// nothing.
#include <gtest/gtest.h>

#include <random>

#include "store/memory_store.h"
#include "store/rocks_store.h"
#include "test_spans.h"

namespace clew::store {
namespace {

class Model {
 public:
  explicit Model(std::uint64_t seed) : random_(seed) { Reopen(); }

  void Step() {
    const std::uint64_t what = Below(100);
    if (what < 50) {
      Append();
    } else if (what < 80) {
      CompareSearch();
    } else if (what < 90) {
      CompareTrace();
    } else if (what < 97) {
      CompareTheRest();
    } else {
      Reopen();
    }
  }

 private:
  std::uint64_t Below(std::uint64_t n) { return random_() % n; }

  TestSpan RandomSpan() {
    static const std::vector<std::string> services = {"a", "ab", "abc", "shop", "db", ""};
    TestSpan span;
    span.trace = Below(30);
    span.id = 1 + Below(12);
    span.parent = Below(4) == 0 ? 0 : 1 + Below(12);
    span.service = services[Below(services.size())];
    if (span.service.empty()) span.service = "unknown_service";
    span.name = "op" + std::to_string(Below(5));
    span.start_ms = 100 + Below(50);
    span.duration_ms = Below(40);
    span.error = Below(10) == 0;
    span.payload = std::to_string(Below(2));
    return span;
  }

  void Append() {
    SpanBatch batch;
    for (std::uint64_t n = 1 + Below(10); n > 0; --n) batch.push_back(MakeSpan(RandomSpan()));
    ASSERT_TRUE(model_.Append(batch));
    ASSERT_TRUE(store_->Append(batch));
  }

  void CompareSearch() {
    TraceQuery query;
    const TestSpan like = RandomSpan();
    if (Below(2) == 0) query.service = like.service;
    if (Below(3) == 0) query.operation = like.name;
    if (Below(3) == 0) query.start_min = UnixNanosFrom(like.start_ms * 1'000'000);
    if (Below(3) == 0) query.start_max = UnixNanosFrom((like.start_ms + Below(20)) * 1'000'000);
    if (Below(4) == 0) query.duration_min = std::chrono::milliseconds(Below(50));
    if (Below(4) == 0) query.duration_max = std::chrono::milliseconds(Below(80));
    query.errors_only = Below(5) == 0;
    query.limit = static_cast<std::uint32_t>(Below(40));
    const auto expected = model_.Search(query);
    const auto found = store_->Search(query);
    ASSERT_TRUE(expected);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(Lines(*found), Lines(*expected));
  }

  void CompareTrace() {
    const TraceId trace = TestTraceId(Below(32));
    EXPECT_EQ(Sorted(ReadAll(*store_, trace)), Sorted(ReadAll(model_, trace)));
  }

  void CompareTheRest() {
    const std::string hex = TestTraceId(Below(32)).ToHex().substr(0, Below(33));
    EXPECT_EQ(*store_->FindByPrefix(hex, 5), *model_.FindByPrefix(hex, 5));
    const StoreStats stats = store_->Stats();
    const StoreStats expected = model_.Stats();
    EXPECT_EQ(stats.spans, expected.spans);
    EXPECT_EQ(stats.traces, expected.traces);
    EXPECT_EQ(stats.oldest, expected.oldest);
    const auto services = store_->Services();
    const auto expected_services = model_.Services();
    ASSERT_TRUE(services);
    ASSERT_EQ(services->size(), expected_services->size());
    for (std::size_t i = 0; i < services->size(); ++i) {
      EXPECT_EQ((*services)[i].name, (*expected_services)[i].name);
      EXPECT_EQ((*services)[i].span_count, (*expected_services)[i].span_count);
      EXPECT_EQ((*services)[i].last_seen, (*expected_services)[i].last_seen);
    }
  }

  void Reopen() {
    store_.reset();
    // A cache of a few traces, so that most are read back from disk.
    auto opened = OpenRocksStore({.path = dir_.path(), .trace_cache_bytes = 3000});
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
  }

  static std::vector<std::string> Lines(const std::vector<TraceSummary>& found) {
    std::vector<std::string> lines;
    for (const TraceSummary& s : found) {
      std::string line = s.trace_id.ToHex() + " " + s.root_service + " " + s.root_name + " " +
                         (s.has_root ? "root " : "no root ") + std::to_string(ToUint64(s.start)) +
                         " " + std::to_string(ToUint64(s.end)) + " " +
                         std::to_string(s.span_count) + " " + std::to_string(s.error_count);
      for (const std::string& service : s.services) line += " " + service;
      lines.push_back(line);
    }
    return lines;
  }

  std::mt19937_64 random_;
  TempDir dir_;
  MemoryStore model_;
  std::unique_ptr<SpanStore> store_;
};

TEST(StoreModel, RandomOperationsGiveTheSameAnswers) {
  for (std::uint64_t seed = 1; seed <= 6 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Model model(seed);
    for (int i = 0; i < 400 && !testing::Test::HasFailure(); ++i) model.Step();
  }
}

}  // namespace
}  // namespace clew::store
