// One line on a terminal that says how far an operation is.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "store/admin/watch.h"

namespace clew::admin {

class ProgressLine {
 public:
  // Draws on standard error when that is a terminal and `wanted`.
  explicit ProgressLine(bool wanted);
  // Takes the line away.
  ~ProgressLine() { Clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void Draw(const store::Progress& progress);
  // Before anything else is written to the terminal.
  void Clear();

 private:
  const bool shown_;
  std::optional<std::chrono::steady_clock::time_point> last_;
  bool drawn_ = false;
};

// "segments 45% of 1,200"; without a total "index rows 40,960".
std::string ProgressText(const store::Progress& progress);

}  // namespace clew::admin
