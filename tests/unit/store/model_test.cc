// Every store against memory_store: random batches, questions and reopenings must be told apart by
// nothing. memory_store itself is among them, for what it promises by itself.
#include <gtest/gtest.h>

#include <set>

#include "random_queries.h"
#include "store/memory_store.h"
#include "store/query/format.h"
#include "store/rocks_store.h"

namespace clew::store {
namespace {

std::string Line(const TraceSummary& s) {
  std::string line = s.trace_id.ToHex() + " " + s.root_service + " " + s.root_name + " " +
                     (s.has_root ? "root " : "no root ") + std::to_string(ToUint64(s.start)) + " " +
                     std::to_string(ToUint64(s.end)) + " " + std::to_string(s.span_count) + " " +
                     std::to_string(s.error_count);
  for (const std::string& service : s.services) line += " " + service;
  return line;
}

struct Engine {
  const char* name;
  // Closes the store and opens it again; what was acknowledged is there.
  void (*reopen)(const std::string& dir, std::unique_ptr<SpanStore>& store);
};

// Segments of at most `rows` spans, made in the background whenever `hot` have come.
template <std::size_t hot, std::size_t rows>
void ReopenRocks(const std::string& dir, std::unique_ptr<SpanStore>& store) {
  store.reset();
  // A few traces are remembered and a few segments kept open, so that most are read back from disk.
  auto opened = OpenRocksStore({.path = dir,
                                .state_bytes = 10'000,
                                .segment_cache_bytes = 100'000,
                                .seal_spans = hot,
                                .segment_rows = rows});
  ASSERT_TRUE(opened) << opened.error().message;
  store = *std::move(opened);
}

void KeepMemory(const std::string&, std::unique_ptr<SpanStore>& store) {
  if (!store) store = std::make_unique<MemoryStore>();
}

constexpr Engine kEngines[] = {{"memory", KeepMemory},
                               {"hot", ReopenRocks<100'000, 8192>},
                               {"sealing", ReopenRocks<40, 16>},
                               {"sealed", ReopenRocks<1, 3>}};

class Model {
 public:
  Model(const Engine& engine, std::uint64_t seed) : engine_(engine), random_(seed) { Reopen(); }

  void Step() {
    const std::uint64_t what = random_.Below(100);
    if (what < 40) {
      Append();
    } else if (what < 70) {
      CompareSearch();
    } else if (what < 77) {
      PageWhileWriting();
    } else if (what < 90) {
      CompareTrace();
    } else if (what < 97) {
      CompareTheRest();
    } else {
      Reopen();
    }
  }

 private:
  void Append() {
    SpanBatch batch;
    for (std::uint64_t n = 1 + random_.Below(10); n > 0; --n) {
      batch.push_back(MakeSpan(random_.Span()));
    }
    if (random_.OneIn(4)) batch.push_back(batch.front());  // a duplicate in the batch
    if (random_.OneIn(4)) batch.insert(batch.end(), last_.begin(), last_.end());  // a retry
    last_ = batch;
    ASSERT_TRUE(model_.Append(batch));
    ASSERT_TRUE(store_->Append(batch));
  }

  // All pages, and the first one by itself.
  void CompareSearch() {
    const Query query = random_.Query();
    SCOPED_TRACE(FormatConditions(query.conditions));
    EXPECT_EQ(AllLines(*store_, query), AllLines(model_, query));
    const auto page = store_->Search(query, {});
    const auto expected = model_.Search(query, {});
    ASSERT_TRUE(page && expected);
    EXPECT_EQ(page->traces.size(), expected->traces.size());
    EXPECT_EQ(page->next_cursor.empty(), expected->next_cursor.empty());
    EXPECT_EQ(page->partial, Partial::kNo);
  }

  // Between any two pages spans are written. No trace may come twice; none that matched before and
  // after may be missing.
  void PageWhileWriting() {
    Query query = random_.Query();
    query.limit = static_cast<std::uint32_t>(1 + random_.Below(5));
    SCOPED_TRACE(FormatConditions(query.conditions));
    const std::set<TraceId> before = Matching(query);
    std::set<TraceId> always = before;
    std::set<TraceId> listed;
    do {
      const auto page = store_->Search(query, {});
      ASSERT_TRUE(page) << page.error().message;
      for (const TraceSummary& summary : page->traces) {
        EXPECT_TRUE(listed.insert(summary.trace_id).second) << "twice: " << Line(summary);
      }
      query.cursor = page->next_cursor;
      Append();
      Query same = query;
      same.cursor.clear();
      const std::set<TraceId> now = Matching(same);
      std::erase_if(always, [&](const TraceId& trace) { return !now.contains(trace); });
    } while (!query.cursor.empty() && !testing::Test::HasFailure());
    for (const TraceId& trace : always) EXPECT_TRUE(listed.contains(trace)) << trace.ToHex();
  }

  std::set<TraceId> Matching(const Query& query) {
    std::set<TraceId> traces;
    for (const TraceSummary& summary : SearchAll(model_, query)) traces.insert(summary.trace_id);
    return traces;
  }

  void CompareTrace() {
    const TraceId trace = TestTraceId(random_.Below(RandomQuestions::kTraces + 2));
    const std::vector<SpanRecord> spans = ReadAll(*store_, trace);
    EXPECT_EQ(Sorted(spans), Sorted(ReadAll(model_, trace)));
    EXPECT_TRUE(std::is_sorted(spans.begin(), spans.end(), [](const auto& a, const auto& b) {
      return std::tie(a.start, a.span_id) < std::tie(b.start, b.span_id);
    }));
  }

  void CompareTheRest() {
    const std::string hex = TestTraceId(random_.Below(32)).ToHex().substr(0, random_.Below(33));
    EXPECT_EQ(*store_->FindByPrefix(hex, 5), *model_.FindByPrefix(hex, 5));
    const StoreStats stats = store_->Stats();
    const StoreStats expected = model_.Stats();
    EXPECT_EQ(stats.spans, expected.spans);
    EXPECT_EQ(stats.traces, expected.traces);
    EXPECT_EQ(stats.oldest, expected.oldest);
    EXPECT_EQ(*store_->Services(), *model_.Services());
    const std::string service = random_.Span().service;
    EXPECT_EQ(store_->Operations(service)->items, model_.Operations(service)->items);
    EXPECT_EQ(store_->AttributeKeys()->items, model_.AttributeKeys()->items);
  }

  void Reopen() { engine_.reopen(dir_.path(), store_); }

  static std::vector<std::string> AllLines(SpanStore& store, const Query& query) {
    std::vector<std::string> lines;
    for (const TraceSummary& summary : SearchAll(store, query)) lines.push_back(Line(summary));
    return lines;
  }

  const Engine& engine_;
  RandomQuestions random_;
  TempDir dir_;
  MemoryStore model_;
  std::unique_ptr<SpanStore> store_;
  SpanBatch last_;
};

class StoreModel : public testing::TestWithParam<Engine> {};
INSTANTIATE_TEST_SUITE_P(Engines, StoreModel, testing::ValuesIn(kEngines),
                         [](const auto& param) { return std::string(param.param.name); });

TEST_P(StoreModel, RandomOperationsGiveTheSameAnswers) {
  // Each step of a store on disk waits for it, some of them several times.
  const std::uint64_t seeds = std::string(GetParam().name) == "memory" ? 6 : 2;
  for (std::uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Model model(GetParam(), seed);
    for (int i = 0; i < 400 && !HasFailure(); ++i) model.Step();
  }
}

}  // namespace
}  // namespace clew::store
