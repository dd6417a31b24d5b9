// The list of a backup's files, kept beside them: what a verification compares with what is there.
//
//   "clew-backup 1\n"
//   "created " unix_ns "\n"
//   "format " store format "\n"
//   "spans " count "\n"
//   { "file " size " " xxh3-128 hex " " name "\n" }*     names rising
//   "end " xxh3-128 of all bytes before this line "\n"
//
// Numbers are decimal without leading zeros. Each manifest has one spelling: what is parsed and
// formatted again is the same bytes. Specification: docs/formats/backup.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace clew::store {

inline constexpr char kManifestName[] = "clew-backup.manifest";
inline constexpr char kBackupStore[] = "store";  // the folder beside it with the files
inline constexpr std::size_t kMaxManifestBytes = 64u << 20;

struct BackupFile {
  std::string name;  // letters, digits, '.', '_' and '-', and neither "." nor ".."
  std::uint64_t size = 0;
  std::string sum;  // XXH3-128 of its bytes, 32 lower-case hex digits
  bool operator==(const BackupFile&) const = default;
};

struct BackupManifest {
  UnixNanos created{};
  std::uint32_t format = 0;
  std::uint64_t spans = 0;
  std::vector<BackupFile> files;
  bool operator==(const BackupManifest&) const = default;
};

bool IsBackupFileName(std::string_view name);

std::string FormatManifest(const BackupManifest& manifest);
// kCorrupt names the line; kUnsupported: another version of the manifest.
Result<BackupManifest> ParseManifest(std::string_view text);

}  // namespace clew::store
