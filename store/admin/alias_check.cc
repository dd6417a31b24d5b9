#include "store/admin/alias_check.h"

#include <string>

#include "store/admin/rows.h"
#include "store/engine/aliases.h"
#include "store/join/rows.h"

namespace clew::store {
namespace {

constexpr char kSplitRemedy[] = "its traces are answered as damaged or apart; restore a backup";
constexpr char kStartRemedy[] = "the collector does not start with it; restore a backup";
constexpr std::uint64_t kWatchEvery = 4096;  // rows

class AliasCheck {
 public:
  // All must outlive this.
  AliasCheck(RocksDb& db, const rocksdb::ReadOptions& options, std::uint64_t first_sequence,
             const EachDamage& each, const Watch& watch)
      : db_(db), options_(options), first_(first_sequence), each_(each), watch_(watch) {}

  Status Run() {
    const Status aliases = Walk(db_.alias(), "alias", kSplitRemedy, [this](auto key, auto value) {
      const auto sequence = SequenceOfAliasRow(key, value);
      if (!sequence) return each_({"family alias", "a row of the wrong shape", kSplitRemedy});
      if (*sequence >= first_) CheckAlias(key, value);
    });
    if (!aliases) return aliases;
    return Walk(db_.pending(), "pending", kStartRemedy, [this](auto key, auto value) {
      if (DecodePending(key, value)) return;
      each_({"family pending", "a row of the wrong shape", kStartRemedy});
    });
  }

 private:
  template <typename Each>
  Status Walk(rocksdb::ColumnFamilyHandle* family, const char* name, const char* remedy,
              Each check) {
    if (family == nullptr) return {};  // a store that never joined anything
    std::uint64_t rows = 0;
    const Status read = EachRow(db_, options_, family, {}, [&](auto key, auto value) {
      check(key, value);
      if (++rows % kWatchEvery != 0) return Status{};
      watch_.Report("rows of joined traces", rows, 0);
      return watch_.Cancelled() ? Status(CancelledError()) : Status{};
    });
    if (watch_.Cancelled()) return CancelledError();
    if (!read) each_({std::string("family ") + name, read.error().message, remedy});
    return {};
  }

  void CheckAlias(std::string_view key, std::string_view value) {
    const auto id = TraceId::FromBytes(key.substr(1, TraceId::kSize));
    if (!id) return each_({"family alias", "a key of the wrong shape", kSplitRemedy});
    const auto child = DecodeChild(key);
    if (key == AliasKey(*id)) {
      const auto alias = DecodeAlias(*id, value);
      if (!alias) return Differ(*id, "its row has the wrong shape");
      if (!Has(ChildKey(alias->parent_trace, *id))) Differ(*id, "its parent does not know it");
      CheckTop(*alias);
    } else if (child) {
      if (!Has(AliasKey(*child))) Differ(*child, "its parent's row leads to nothing");
    } else if (key != ExtentKey(*id) || !DecodeExtent(value)) {
      Differ(*id, "the row of its family has the wrong shape");
    }
  }

  // Of the family, which is not found without its extent.
  void CheckTop(const Alias& alias) {
    const AliasRows rows(db_, options_, first_);
    TraceId top = alias.parent_trace;
    for (std::uint32_t depth = 0; depth < kMaxFamilyDepth; ++depth) {
      const auto up = rows.AliasOf(top);
      if (!up) return;  // told where its own row is read
      if (!*up) {
        if (!Has(ExtentKey(top))) Differ(top, "its family has no row");
        return;
      }
      top = (*up)->parent_trace;
    }
    Differ(alias.trace, "belongs to a circle, or to a chain that is too long");
  }

  bool Has(const std::string& key) const {
    std::string value;
    return !db_.db().Get(options_, db_.alias(), key, &value).IsNotFound();
  }

  void Differ(const TraceId& trace, const char* problem) {
    each_({"alias of trace " + trace.ToHex(), problem, kSplitRemedy});
  }

  RocksDb& db_;
  const rocksdb::ReadOptions& options_;
  const std::uint64_t first_;
  const EachDamage& each_;
  const Watch& watch_;
};

}  // namespace

Status CheckAliases(RocksDb& db, const rocksdb::ReadOptions& options, const EachDamage& each,
                    const Watch& watch) {
  const auto first = FirstAliasSequence(db, options);
  if (!first) each({"beginning of aliases", first.error().message, kStartRemedy});
  return AliasCheck(db, options, first ? *first : 0, each, watch).Run();
}

}  // namespace clew::store
