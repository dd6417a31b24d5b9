#include "agent/runtime/name_table.h"

#include <algorithm>
#include <string>

namespace clew::runtime {
namespace {

constexpr std::size_t kMaxFound = 1024;    // places of wanted names; an honest file has a few
constexpr std::size_t kChunk = 48 * 1024;  // bytes read at a time

}  // namespace

std::unordered_map<std::uint64_t, std::size_t> FindNames(
    const process::ReadAt& read_at, std::uint64_t offset, std::uint64_t size,
    const std::vector<std::string_view>& names) {
  std::unordered_map<std::uint64_t, std::size_t> found;
  std::size_t longest = 0;
  for (const std::string_view name : names) longest = std::max(longest, name.size());
  std::string window;  // the last `longest` bytes before, and the chunk
  for (std::uint64_t at = 0; at < size;) {
    const std::size_t kept = std::min(window.size(), longest);
    window.erase(0, window.size() - kept);
    const std::size_t chunk = std::min<std::uint64_t>(kChunk, size - at);
    window.resize(kept + chunk);
    if (!read_at(offset + at, window.data() + kept, chunk)) return {};
    for (std::size_t end = window.find('\0', kept); end != std::string::npos;
         end = window.find('\0', end + 1)) {
      const std::string_view before = std::string_view(window).substr(0, end);
      for (std::size_t i = 0; i < names.size(); ++i) {
        if (before.ends_with(names[i])) found[at + end - kept - names[i].size()] = i;
        if (found.size() > kMaxFound) return {};
      }
    }
    at += chunk;
  }
  return found;
}

}  // namespace clew::runtime
