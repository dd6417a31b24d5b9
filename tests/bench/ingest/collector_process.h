// A real clew-collector as a child process, with a data directory that goes with it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "tests/bench/load/temp_dir.h"

namespace clew::bench {

class CollectorProcess {
 public:
  // Starts `binary` on free ports and waits until it serves. `extra` are further flags. Its data is
  // in `data_dir`, or in a directory that goes with this object.
  static Result<std::unique_ptr<CollectorProcess>> Start(
      const std::string& binary, const std::vector<std::string>& extra,
      const std::filesystem::path& data_dir = {});
  // Kills what still runs and removes the data directory.
  ~CollectorProcess();

  const std::string& otlp() const { return otlp_; }
  const std::string& query() const { return query_; }
  pid_t pid() const { return pid_; }
  // User and system time so far.
  double CpuSeconds() const;
  double PeakRssMb() const;
  // The peak is that from now on.
  Status ResetPeakRss() const;
  // SIGKILL, then waits.
  void Kill();
  // SIGTERM, then waits; kInternal unless it exits with 0.
  Status Stop();
  // Of all files of the data directory.
  std::uint64_t DataBytes() const;

 private:
  CollectorProcess() = default;
  bool ReadAddresses();

  std::optional<TempDir> dir_;  // its log, and its data unless they are elsewhere
  std::filesystem::path data_dir_;
  pid_t pid_ = 0;  // 0: not running
  std::string otlp_;
  std::string query_;
};

}  // namespace clew::bench
