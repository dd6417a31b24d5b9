// A check finds what does not fit together, whatever RocksDB's own checksums say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "../join_spans.h"
#include "base/bytes.h"
#include "sample_store.h"
#include "store/admin/administration.h"
#include "store/admin/directory_check.h"
#include "store/join/rows.h"
#include "store/keys.h"
#include "store/rocks_db.h"

namespace clew::store {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class Check : public testing::Test {
 protected:
  Check() { MakeSample(path()); }
  std::string path() const { return dir_.path() + "/store"; }

  // Changes rows behind the store's back.
  void Spoil(const std::function<void(RocksDb&)>& change) {
    auto db = RocksDb::Open(path());
    ASSERT_TRUE(db);
    change(**db);
  }
  // The first segment.
  SegmentKey First() {
    SegmentKey key;
    Spoil([&](RocksDb& db) {
      const std::unique_ptr<rocksdb::Iterator> rows(db.db().NewIterator({}, db.segment()));
      rows->SeekToFirst();
      key = *DecodeSegmentKey(rows->key().ToStringView());
    });
    return key;
  }
  std::vector<std::string> Find() {
    Damages damages;
    const auto report = CheckDirectory(path(), damages.each(), {});
    EXPECT_TRUE(report) << report.error().message;
    report_ = *report;
    EXPECT_EQ(report_.damages, damages.lines().size());
    return damages.lines();
  }

  TempDir dir_;
  CheckReport report_;
};

TEST_F(Check, ReadsAllOfAWholeStore) {
  EXPECT_THAT(Find(), IsEmpty());
  EXPECT_EQ(report_.spans, kSampleSealed + kSampleHot);
  EXPECT_EQ(report_.traces, kSampleSealed);
  EXPECT_EQ(report_.segments, 5u);
  EXPECT_GT(report_.files, 0u);
  EXPECT_GT(report_.bytes, 0u);
}

TEST_F(Check, SaysTheSameOfAnOpenStore) {
  const auto store = OpenSample(path());
  Damages damages;
  const auto report = store->Check(damages.each(), {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->spans, kSampleSealed + kSampleHot);
  EXPECT_THAT(damages.lines(), IsEmpty());
}

TEST_F(Check, WhatIsDroppedMeanwhileIsNoDamage) {
  const auto store = OpenSample(path());
  Damages damages;
  bool dropped = false;
  const auto report = store->Check(damages.each(), {.progress = [&](const Progress& progress) {
                                     if (dropped || progress.what != "segments") return;
                                     dropped = true;
                                     ASSERT_TRUE(store->Retain({.max_bytes = 1}, false));
                                     ASSERT_TRUE(store->Compact({}));
                                   }});
  ASSERT_TRUE(report);
  EXPECT_TRUE(dropped);
  EXPECT_EQ(store->Stats().spans, kSampleHot);
  EXPECT_THAT(damages.lines(), IsEmpty());
}

TEST_F(Check, ChangesNoFile) {
  std::map<std::string, std::string> before;
  for (const std::string& name : NamesIn(path())) before[name] = ReadFile(path() + "/" + name);
  EXPECT_THAT(Find(), IsEmpty());
  std::map<std::string, std::string> after;
  for (const std::string& name : NamesIn(path())) after[name] = ReadFile(path() + "/" + name);
  EXPECT_EQ(before, after);
}

TEST_F(Check, ASegmentWhoseBytesAreOthersIsNamedAndTheRestIsRead) {
  const SegmentKey key = First();
  Spoil([&](RocksDb& db) {
    std::string bytes;
    ASSERT_TRUE(db.db().Get({}, db.segment(), Encode(key), &bytes).ok());
    bytes[bytes.size() / 2] ^= 1;
    ASSERT_TRUE(db.db().Put({}, db.segment(), Encode(key), bytes).ok());
  });
  EXPECT_THAT(Find(), ElementsAre(StartsWith("segment " + std::to_string(key.bucket) + "/1: ")));
  EXPECT_EQ(report_.spans, kSampleSealed + kSampleHot - 20);
}

TEST_F(Check, AMissingSegmentAndAMissingFilterAreNamed) {
  const SegmentKey key = First();
  Spoil([&](RocksDb& db) {
    ASSERT_TRUE(db.db().Delete({}, db.segment(), Encode(key)).ok());
    ASSERT_TRUE(
        db.db().Delete({}, db.filter(), Encode(SegmentKey{key.bucket, key.number + 1})).ok());
  });
  EXPECT_THAT(Find(),
              ElementsAre(HasSubstr("/1: is missing"), HasSubstr("/2: filter: is missing")));
}

TEST_F(Check, AFilterOfAnotherSegmentIsFound) {
  const SegmentKey key = First();
  Spoil([&](RocksDb& db) {
    std::string other(1, '\1');      // version
    other += std::string(1, '\0');   // no ranges
    other += std::string(32, '\0');  // a block that has nothing
    ASSERT_TRUE(db.db().Put({}, db.filter(), Encode(key), other).ok());
  });
  EXPECT_THAT(Find(), ElementsAre(HasSubstr("/1: filter: does not know a service")));
}

TEST_F(Check, SegmentsAndFiltersWithoutAMetaAreStrays) {
  Spoil([&](RocksDb& db) {
    ASSERT_TRUE(db.db().Put({}, db.segment(), Encode(SegmentKey{1, 1}), "x").ok());
    ASSERT_TRUE(db.db().Put({}, db.filter(), Encode(SegmentKey{900'000, 9}), "x").ok());
    ASSERT_TRUE(db.db().Put({}, db.filter(), "odd", "x").ok());
  });
  EXPECT_THAT(Find(), testing::UnorderedElementsAre(
                          "segment 1/1: lies in family segment without a meta",
                          "segment 900000/9: lies in family filter without a meta",
                          "a key of 3 bytes: lies in family filter without a meta"));
}

TEST_F(Check, AMetaThatTellsSomethingElseIsFound) {
  const SegmentKey key = First();
  Spoil([&](RocksDb& db) {
    std::string stored;
    ASSERT_TRUE(db.db().Get({}, db.meta(), MetaKey(key), &stored).ok());
    auto meta = DecodeSegmentMeta(key, stored);
    ASSERT_TRUE(meta);
    meta->min_start += std::chrono::hours(1);
    ASSERT_TRUE(db.db().Put({}, db.meta(), MetaKey(key), EncodeSegmentMeta(*meta)).ok());
    ASSERT_TRUE(db.db().Put({}, db.meta(), MetaKey({key.bucket, key.number + 1}), "\xff").ok());
  });
  EXPECT_THAT(Find(), Contains(HasSubstr("/1: its meta says something else: earliest start")));
  EXPECT_THAT(Find(), Contains(HasSubstr("/2: stored segment meta: ")));
}

TEST_F(Check, TheIndexIsComparedInBothDirections) {
  const SegmentKey key = First();
  const std::string gone(TestTraceId(3).View());
  const std::string foreign(TestTraceId(77'777).View());
  Spoil([&](RocksDb& db) {
    ASSERT_TRUE(db.db().Delete({}, db.trace(), gone).ok());
    ASSERT_TRUE(db.db().Put({}, db.trace(), foreign, EncodeParts({{key.bucket, 2}})).ok());
    ASSERT_TRUE(db.db().Put({}, db.trace(), std::string(16, '\x42'), "odd").ok());
    // Leads to nothing but a segment that was dropped: as retention leaves it.
    ASSERT_TRUE(db.db().Put({}, db.trace(), std::string(16, '\x43'), EncodeParts({{1, 2}})).ok());
  });
  EXPECT_THAT(Find(), testing::UnorderedElementsAre(
                          AllOf(HasSubstr("/1: no index row leads to 1 of its 20 traces"),
                                HasSubstr(TestTraceId(3).ToHex())),
                          HasSubstr("/2: 1 index rows lead to it whose traces it does not have"),
                          HasSubstr("family trace: row of trace 4242")));
}

TEST_F(Check, HotRowsCountsAndTotalsAreDecoded) {
  Spoil([&](RocksDb& db) {
    ASSERT_TRUE(db.db().Put({}, db.hot(), EncodeHotKey(99'999), "not a fragment").ok());
    ASSERT_TRUE(
        db.db().Put({}, db.meta(), Encode(CountsKey{9, CountsKey::kService, "x"}), "\xff").ok());
    ASSERT_TRUE(db.db().Put({}, db.meta(), Encode(CountsKey{9, 1, "k"}), "7").ok());
    ASSERT_TRUE(db.db().Put({}, db.meta(), std::string(kEdgePrefix) + "x", "").ok());
    ASSERT_TRUE(db.db().Put({}, db.meta(), Encode(EdgeKey{7, 9, "web", "cart"}), "\xff").ok());
    Totals totals{.spans = 7, .traces = 7, .next_sequence = 1, .next_segment = 1};
    ASSERT_TRUE(db.db().Put({}, db.meta(), std::string(kTotalsKey), Encode(totals)).ok());
  });
  EXPECT_THAT(Find(),
              ElementsAre(StartsWith("hot row 99999: "), StartsWith("counts of service x: "),
                          "counts of attribute key k: not a number",
                          StartsWith("calls of hour 7 from web to cart: "),
                          "calls with the key 63616c6c2f78: a key of the wrong shape",
                          "totals: say 7 sealed spans, the segments 100",
                          "totals: the next segment has a number that is taken",
                          "totals: the next append has a number that is taken"));
}

TEST_F(Check, CanBeFollowedAndEnded) {
  std::vector<std::string> heard;
  int asked = 0;
  const Watch watch{[&](const Progress& progress) { heard.push_back(progress.what); },
                    [&] { return ++asked > 3; }};
  const auto report = CheckDirectory(
      path(), [](const Damage&) {}, watch);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().message, CancelledError().message);
  EXPECT_THAT(heard, Contains("bytes of tables"));
}

TEST_F(Check, OfAnotherVersionSaysWhichOne) {
  Spoil([&](RocksDb& db) {
    std::string version;
    AppendU32be(version, kFormatVersion + 1);
    ASSERT_TRUE(db.db().Put({}, db.meta(), std::string(kFormatKey), version).ok());
  });
  const auto report = CheckDirectory(path(), [](const Damage&) {}, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::kUnsupported);
  EXPECT_THAT(report.error().message,
              HasSubstr("store format " + std::to_string(kFormatVersion + 1)));
}

TEST(CheckNothing, IsNotFoundAndMakesNothing) {
  TempDir dir;
  const auto administration = AdministrationOfStopped(dir.path());
  EXPECT_EQ(administration->Check([](const Damage&) {}, {}).error().code, Code::kNotFound);
  EXPECT_EQ(administration->Details().error().code, Code::kNotFound);
  EXPECT_EQ(administration->Compact({}).error().code, Code::kNotFound);
  EXPECT_EQ(administration->Backup(dir.path() + "/b", {}).error().code, Code::kNotFound);
  EXPECT_EQ(administration->Retain(RetentionPolicy{}, false, {}).error().code, Code::kNotFound);
  EXPECT_THAT(NamesIn(dir.path()), IsEmpty());
}

TEST_F(Check, OfAStoreThatIsOpenElsewhereIsRefused) {
  const auto store = OpenSample(path());
  const auto report = AdministrationOfStopped(path())->Check([](const Damage&) {}, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::kUnavailable);
}

class JoinedCheck : public Check {
 protected:
  // Beside the sample a call whose two ends were joined: trace 900 calls 901.
  JoinedCheck() {
    const auto store = OpenSample(path());
    CLEW_CHECK(store->Append({MakeSpan(CallEnd(true, 900)), MakeSpan(CallEnd(false, 901))}));
  }
  const TraceId caller_ = TestTraceId(900);
  const TraceId called_ = TestTraceId(901);
  const std::string place_ = "alias of trace " + called_.ToHex();
};

TEST_F(JoinedCheck, ReadsWhatJoinsTraces) { EXPECT_THAT(Find(), IsEmpty()); }

TEST_F(JoinedCheck, NamesTheTraceWhoseRowsDoNotLeadToEachOther) {
  Spoil([&](RocksDb& db) {
    ASSERT_TRUE(db.db().Delete({}, db.alias(), ChildKey(caller_, called_)).ok());
  });
  EXPECT_THAT(Find(), ElementsAre(AllOf(StartsWith(place_), HasSubstr("does not know it"))));
}

TEST_F(JoinedCheck, NamesTheTraceWithoutItsAlias) {
  Spoil([&](RocksDb& db) { ASSERT_TRUE(db.db().Delete({}, db.alias(), AliasKey(called_)).ok()); });
  EXPECT_THAT(Find(), ElementsAre(AllOf(StartsWith(place_), HasSubstr("leads to nothing"))));
}

TEST_F(JoinedCheck, NamesTheFamilyWithoutItsRow) {
  Spoil([&](RocksDb& db) { ASSERT_TRUE(db.db().Delete({}, db.alias(), ExtentKey(caller_)).ok()); });
  EXPECT_THAT(Find(), ElementsAre(AllOf(StartsWith("alias of trace " + caller_.ToHex()),
                                        HasSubstr("family has no row"))));
}

TEST_F(JoinedCheck, NamesRowsOfTheWrongShape) {
  Spoil([&](RocksDb& db) {
    std::string alias;
    ASSERT_TRUE(db.db().Get({}, db.alias(), AliasKey(called_), &alias).ok());
    ASSERT_TRUE(db.db().Put({}, db.alias(), AliasKey(called_), alias + std::string(40, 'x')).ok());
    ASSERT_TRUE(db.db().Put({}, db.alias(), "x", "y").ok());
    ASSERT_TRUE(db.db().Put({}, db.pending(), PendingKey(1, 99), "y").ok());
  });
  EXPECT_THAT(Find(), ElementsAre(AllOf(StartsWith(place_), HasSubstr("wrong shape")),
                                  AllOf(StartsWith("family alias"), HasSubstr("wrong shape")),
                                  AllOf(StartsWith("family pending"), HasSubstr("wrong shape"))));
}

}  // namespace
}  // namespace clew::store
