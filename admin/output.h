// What clew-store prints: for people, or as JSON (schemas in clew-store(8)). Pure functions; each
// ends with a line break.
#pragma once

#include <string>
#include <vector>

#include "store/admin/reports.h"
#include "store/admin/restore.h"
#include "store/rocks_store.h"

namespace clew::admin {

// The hour in which a bucket was sealed; the last one there is for numbers that no hour has.
UnixNanos HourOf(std::uint32_t bucket);

// A line of a damage, without what can be done, which is said once for all that have it in common.
std::string DamageLine(const store::Damage& damage);
// What follows those lines: what was read, and what can be done.
std::string CheckText(const store::CheckReport& report, const std::vector<std::string>& remedies);
std::string DetailsText(const store::StoreDetails& details);
std::string BackupText(const store::BackupReport& report);
std::string RestoreText(const store::RestoreReport& report, const std::string& directory);
std::string CompactText(const store::CompactReport& report);
std::string RetentionText(const store::RetentionReport& report, bool dry_run);

// A check as it goes: an object with an array that is written while damages are found, so that any
// number of them takes no memory.
class CheckJson {
 public:
  // What to print before, for each damage, and at the end.
  std::string Begin() const;
  std::string Add(const store::Damage& damage);
  std::string End(const store::CheckReport& report) const;

 private:
  bool first_ = true;
};
std::string DetailsJson(const store::StoreDetails& details);
std::string BackupJson(const store::BackupReport& report);
std::string RestoreJson(const store::RestoreReport& report, const std::string& directory);
std::string CompactJson(const store::CompactReport& report);
std::string RetentionJson(const store::RetentionReport& report, bool dry_run);

}  // namespace clew::admin
