// Runs a program that writes much, and says what it took.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace clew::bench {

struct ReaderResult {
  double seconds = 0;
  double peak_rss_mb = 0;
  std::uint64_t bytes = 0;  // of its standard output, which is counted and thrown away
  std::uint64_t lines = 0;
  int exit_status = 0;
};
// kInternal when it cannot be started or is killed.
Result<ReaderResult> RunReader(std::vector<std::string> args);

}  // namespace clew::bench
