#include "store/admin/directory_check.h"

#include <algorithm>
#include <filesystem>

#include "store/admin/database_check.h"

namespace clew::store {
namespace {

constexpr char kRestore[] = "restore a backup";

bool IsDamage(const Error& error) {
  return error.code == Code::kCorrupt || error.code == Code::kInternal;
}

}  // namespace

Status FindStore(const std::string& path) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    const std::string name = entry.path().filename();
    if (name == "CURRENT" || name.starts_with("MANIFEST-") || name.ends_with(".sst")) return {};
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return ErrnoError("read directory", path, error.value());
  }
  return Error{Code::kNotFound, "no store in " + path};
}

Result<CheckReport> CheckDirectory(const std::string& path, const EachDamage& each,
                                   const Watch& watch) {
  if (const Status found = FindStore(path); !found) return found.error();
  CheckReport at_open;
  const auto tell = [&](const char* place, const std::string& problem) {
    ++at_open.damages;
    each({place, problem, kRestore});
  };
  auto db = RocksDb::OpenReadOnly(path, RocksDb::Reading::kStrict);
  if (!db && db.error().code == Code::kNotFound) {
    tell("file CURRENT", "is missing");
    return at_open;
  }
  if (!db && IsDamage(db.error())) {
    const std::string why = db.error().message;
    db = RocksDb::OpenReadOnly(path, RocksDb::Reading::kLenient);
    tell("database", db ? why : db.error().message);
    if (!db && IsDamage(db.error())) return at_open;
  }
  if (!db) return db.error();
  const DbSnapshot snapshot((*db)->db());
  auto report = CheckDatabase(**db, snapshot, each, watch);
  if (report) report->damages += at_open.damages;
  return report;
}

}  // namespace clew::store
