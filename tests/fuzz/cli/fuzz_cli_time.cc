// Durations and times: whatever is typed gives a value within the documented range, or an error.
#include <string_view>

#include "cli/time_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using std::chrono::nanoseconds;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto duration = clew::ParseDuration(text)) {
    CLEW_CHECK(*duration >= nanoseconds(0) && *duration <= std::chrono::hours(100 * 366 * 24));
  } else {
    CLEW_CHECK(!duration.error().message.empty());
  }
  const clew::UnixNanos now = clew::UnixNanosFrom(1'763'879'580'000'000'000);
  if (const auto time = clew::cli::ParseTime(text, now); !time)
    CLEW_CHECK(!time.error().message.empty());
  return 0;
}
