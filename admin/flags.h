// The command line of clew-store. CLI11 is behind this header and in one file only: it costs
// seconds of compile time.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "store/rocks_store.h"

namespace clew::admin {

enum class Command { kCheck, kStats, kBackup, kVerify, kRestore, kCompact, kRetention, kVersion };

struct Flags {
  Command command = Command::kVersion;
  std::string data_dir = "/var/lib/clew";
  bool json = false;
  bool quiet = false;    // no progress
  std::string backup;    // backup, verify, restore: its directory
  bool replace = false;  // restore
  bool dry_run = false;  // retention
  // retention; nothing: no flag of it was given
  std::optional<store::RetentionPolicy> policy;
};

// The parser's own end of the program: help, or a wrong command line.
struct Stop {
  int exit_code = 0;
  std::string text;  // for stdout when exit_code is 0, else for stderr
};

std::variant<Flags, Stop> ParseFlags(int argc, const char* const* argv);

}  // namespace clew::admin
