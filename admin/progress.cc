#include "admin/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cli/render/text.h"
#include "cli/render/units.h"

namespace clew::admin {
namespace {

constexpr std::chrono::milliseconds kInterval{100};
constexpr char kEraseLine[] = "\r\033[K";

}  // namespace

std::string ProgressText(const store::Progress& progress) {
  const std::string what = cli::Sanitize(progress.what);
  if (progress.total == 0) return what + " " + cli::HumanCount(progress.done);
  const double part =
      std::min(1.0, static_cast<double>(progress.done) / static_cast<double>(progress.total));
  return what + " " + std::to_string(static_cast<int>(part * 100)) + "% of " +
         cli::HumanCount(progress.total);
}

ProgressLine::ProgressLine(bool wanted) : shown_(wanted && ::isatty(STDERR_FILENO) == 1) {}

void ProgressLine::Draw(const store::Progress& progress) {
  const auto now = std::chrono::steady_clock::now();
  if (!shown_ || (last_ && now - *last_ < kInterval)) return;
  last_ = now;
  drawn_ = true;
  std::fprintf(stderr, "%s%s", kEraseLine, ProgressText(progress).c_str());
  std::fflush(stderr);
}

void ProgressLine::Clear() {
  if (drawn_) std::fputs(kEraseLine, stderr);
  drawn_ = false;
}

}  // namespace clew::admin
