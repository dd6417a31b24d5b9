#include "store/sampling_weight.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace clew::store {
namespace {

constexpr std::size_t kThresholdDigits = 14;  // of 4 bits: 56
constexpr double kMaxWeight = 4294967296.0;

// What comes before `separator`; `text` becomes what is behind it.
std::string_view TakeUntil(char separator, std::string_view& text) {
  const std::size_t at = std::min(text.find(separator), text.size());
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return taken;
}

std::string_view Trim(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::uint64_t> ReadThreshold(std::string_view digits) {
  if (digits.empty() || digits.size() > kThresholdDigits) return std::nullopt;
  std::uint64_t threshold = 0;
  const char* const end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, threshold, 16);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return threshold << 4 * (kThresholdDigits - digits.size());
}

}  // namespace

double SamplingWeight(std::string_view trace_state) {
  while (!trace_state.empty()) {
    std::string_view member = Trim(TakeUntil(',', trace_state));
    if (TakeUntil('=', member) != "ot") continue;
    while (!member.empty()) {
      std::string_view value = TakeUntil(';', member);
      if (TakeUntil(':', value) != "th") continue;
      const auto threshold = ReadThreshold(value);
      if (!threshold) return 1;
      constexpr std::uint64_t kAll = std::uint64_t{1} << 4 * kThresholdDigits;
      return std::min(static_cast<double>(kAll) / static_cast<double>(kAll - *threshold),
                      kMaxWeight);
    }
  }
  return 1;
}

}  // namespace clew::store
