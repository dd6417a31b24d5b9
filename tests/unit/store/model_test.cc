// Every store against memory_store: random batches, questions and reopenings must be told apart by
// nothing. memory_store itself is among them, for what it promises by itself.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <set>

#include "open_store.h"
#include "random_queries.h"
#include "store/engine/tiers.h"
#include "store/memory_store.h"
#include "store/query/format.h"

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

using Clock = std::function<UnixNanos()>;

struct Engine {
  const char* name;
  // Closes the store and opens it again; what was acknowledged is there.
  void (*reopen)(const std::string& dir, const Clock& clock, std::unique_ptr<SpanStore>& store);
};

// Segments of at most `rows` spans, made in the background whenever `hot` have come.
template <std::size_t hot, std::size_t rows>
void ReopenRocks(const std::string& dir, const Clock& clock, std::unique_ptr<SpanStore>& store) {
  store.reset();
  // A few traces are remembered and a few segments kept open, so that most are read back from disk.
  store = OpenStore({.path = dir,
                     .state_bytes = 10'000,
                     .segment_cache_bytes = 100'000,
                     .seal_spans = hot,
                     .segment_rows = rows,
                     .clock = clock});
}

void KeepMemory(const std::string&, const Clock& clock, std::unique_ptr<SpanStore>& store) {
  if (!store) store = std::make_unique<MemoryStore>(clock);
}

constexpr Engine kEngines[] = {{"memory", KeepMemory},
                               {"hot", ReopenRocks<100'000, 8192>},
                               {"sealing", ReopenRocks<40, 16>},
                               {"sealed", ReopenRocks<1, 3>}};

class Model {
 public:
  Model(const Engine& engine, std::uint64_t seed) : engine_(engine), random_(seed) {
    // Everything or nothing is in the sample: traces become one long after they came here, and it
    // goes by the id that they then have.
    policy_ = {.keep_all = std::chrono::hours(1 + random_.Below(4)),
               .sample_percent = static_cast<std::uint32_t>(random_.Below(2) * 100),
               .slow = std::chrono::milliseconds(random_.Below(2) * 4000)};
    if (!random_.OneIn(3)) {
      policy_.keep_sample = policy_.keep_all + std::chrono::hours(random_.Below(6));
    }
    Reopen();
  }

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
    } else if (what < 94) {
      CompareTheRest();
    } else if (what < 97) {
      LetTimePass();
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
    ASSERT_TRUE(model_->Append(batch));
    ASSERT_TRUE(store_->Append(batch));
    for (const SpanRecord& span : batch) {
      Grown& grown = grown_[span.trace_id];
      const bool is_new = grown.contents.emplace(*span.resource, *span.scope, span.span).second;
      if (is_new) grown.hour = hour_;
    }
  }

  // Hours go by, and retention does what it has to.
  void LetTimePass() {
    auto* const store = dynamic_cast<RocksStore*>(store_.get());
    if (store == nullptr) return;
    ASSERT_TRUE(store->Seal());  // what came in an hour is sealed in it
    hour_ += static_cast<std::uint32_t>(random_.Below(4));
    if (random_.OneIn(8)) {
      ASSERT_TRUE(store->Retain({.max_bytes = 1}, false));
      hour_ += 1;  // ends of calls do not wait for each other any more
      model_ = NewModel();
      grown_.clear();
      return;
    }
    const auto would = store->Retain(policy_, true);
    ASSERT_TRUE(would) << would.error().message;
    RetentionReport did;
    for (bool more = true; more;) {
      const auto some = store->Retain(policy_, false);
      ASSERT_TRUE(some) << some.error().message;
      for (const auto tier : {&RetentionReport::sampled, &RetentionReport::without_errors}) {
        (did.*tier).spans += ((*some).*tier).spans;
        (did.*tier).traces += ((*some).*tier).traces;
      }
      more = some->more;
    }
    EXPECT_EQ(did.sampled.spans, would->sampled.spans);
    EXPECT_EQ(did.sampled.traces, would->sampled.traces);
    EXPECT_EQ(did.without_errors.spans, would->without_errors.spans);
    EXPECT_EQ(did.without_errors.traces, would->without_errors.traces);
    const std::uint64_t gone = ForgetInModel();
    EXPECT_EQ(did.sampled.spans + did.without_errors.spans, gone);
    EXPECT_EQ(store->Retain(policy_, false)->rewritten, 0u);  // nothing is done twice
  }

  // The same by the rules; how many spans that are.
  std::uint64_t ForgetInModel() {
    std::map<TraceId, std::vector<TraceId>> families;  // traces that are one
    for (const auto& [trace, unused] : grown_) {
      families[ReadAll(*model_, trace).front().trace_id].push_back(trace);
    }
    std::uint64_t gone = 0;
    for (const auto& [top, members] : families) {
      if (Stays(top, members)) continue;
      model_->Forget(top);
      for (const TraceId& trace : members) {
        gone += grown_.at(trace).contents.size();
        grown_.erase(trace);
      }
    }
    return gone;
  }

  bool Stays(const TraceId& top, const std::vector<TraceId>& members) {
    std::uint32_t hour = 0;
    for (const TraceId& trace : members) hour = std::max(hour, grown_.at(trace).hour);
    const auto age = Now() - UnixNanos(std::chrono::hours(hour + 1));
    bool error = false;
    UnixNanos start = UnixNanos::max();
    UnixNanos end{};
    for (const SpanRecord& span : ReadAll(*model_, top)) {
      error = error || span.status_code == 2;
      start = std::min(start, span.start);
      end = std::max(end, span.end);
    }
    const bool slow = policy_.slow.count() > 0 && end - start >= policy_.slow;
    const bool sampled = Tiers(policy_, Now()).Keeps(Tier::kSample, top, {});
    const bool in_sample = age <= policy_.keep_sample && (slow || sampled);
    return age <= policy_.keep_all || error || in_sample;
  }

  // All pages, and the first one by itself.
  void CompareSearch() {
    const Query query = random_.Query();
    SCOPED_TRACE(FormatConditions(query.conditions));
    EXPECT_EQ(AllLines(*store_, query), AllLines(*model_, query));
    const auto page = store_->Search(query, {});
    const auto expected = model_->Search(query, {});
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
      for (const bool time : {true, false}) {
        if (!time) Append();
        if (time && random_.OneIn(4)) LetTimePass();
        Query same = query;
        same.cursor.clear();
        const std::set<TraceId> now = Matching(same);
        std::erase_if(always, [&](const TraceId& trace) { return !now.contains(trace); });
      }
    } while (!query.cursor.empty() && !testing::Test::HasFailure());
    for (const TraceId& trace : always) EXPECT_TRUE(listed.contains(trace)) << trace.ToHex();
  }

  std::set<TraceId> Matching(const Query& query) {
    std::set<TraceId> traces;
    for (const TraceSummary& summary : SearchAll(*model_, query)) traces.insert(summary.trace_id);
    return traces;
  }

  void CompareTrace() {
    const TraceId trace = TestTraceId(random_.Below(RandomQuestions::kTraces + 2));
    const std::vector<SpanRecord> spans = ReadAll(*store_, trace);
    EXPECT_EQ(Sorted(spans), Sorted(ReadAll(*model_, trace)));
    EXPECT_TRUE(std::is_sorted(spans.begin(), spans.end(), [](const auto& a, const auto& b) {
      return std::tie(a.start, a.span_id) < std::tie(b.start, b.span_id);
    }));
  }

  void CompareTheRest() {
    const std::string hex = TestTraceId(random_.Below(32)).ToHex().substr(0, random_.Below(33));
    EXPECT_EQ(*store_->FindByPrefix(hex, 5), *model_->FindByPrefix(hex, 5));
    const StoreStats stats = store_->Stats();
    const StoreStats expected = model_->Stats();
    EXPECT_EQ(stats.spans, expected.spans);
    EXPECT_EQ(stats.traces, expected.traces);
    EXPECT_EQ(stats.oldest, expected.oldest);
    EXPECT_EQ(Seen(*store_->Services(), *model_->Services()), *model_->Services());
    const auto services = *model_->Services();
    for (const ServiceInfo& service : services) {
      const auto expected = model_->Operations(service.name)->items;
      EXPECT_EQ(Seen(store_->Operations(service.name)->items, expected), expected);
    }
    EXPECT_EQ(store_->AttributeKeys()->items, model_->AttributeKeys()->items);
  }

  // With the times of `expected`, where they are later: they may be of spans that went.
  template <typename Info>
  static std::vector<Info> Seen(std::vector<Info> found, const std::vector<Info>& expected) {
    for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
      EXPECT_GE(found[i].last_seen, expected[i].last_seen);
      found[i].last_seen = expected[i].last_seen;
    }
    return found;
  }

  UnixNanos Now() const { return UnixNanos(std::chrono::hours(hour_) + std::chrono::minutes(30)); }
  void Reopen() {
    engine_.reopen(
        dir_.path(), [this] { return Now(); }, store_);
  }

  static std::vector<std::string> AllLines(SpanStore& store, const Query& query) {
    std::vector<std::string> lines;
    for (const TraceSummary& summary : SearchAll(store, query)) lines.push_back(Line(summary));
    return lines;
  }

  const Engine& engine_;
  RandomQuestions random_;
  TempDir dir_;
  RetentionPolicy policy_;
  std::atomic<std::uint32_t> hour_ = 500'000;
  std::unique_ptr<MemoryStore> NewModel() const {
    return std::make_unique<MemoryStore>([this] { return Now(); });
  }
  struct Grown {
    std::set<std::tuple<std::string, std::string, std::string>> contents;  // of its spans
    std::uint32_t hour = 0;  // in which the last of them came
  };
  std::map<TraceId, Grown> grown_;
  std::unique_ptr<MemoryStore> model_ = NewModel();
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
