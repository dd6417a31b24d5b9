#include "agent/process/listening_ports.h"

#include <dirent.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include "agent/process/read_file.h"

namespace clew::process {
namespace {

// The kernel lists listening sockets before all others, so the beginning of the table holds them.
constexpr std::size_t kMaxTable = 4 * 1024 * 1024;
constexpr std::size_t kMaxDescriptors =
    65536;  // of one process; beyond them its listeners are not looked for

template <typename T>
bool ParseNumber(std::string_view text, T& out, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc() && end == text.data() + text.size();
}

// The first ten fields of a line; fewer when there are fewer.
std::array<std::string_view, 10> Fields(std::string_view line) {
  std::array<std::string_view, 10> fields;
  for (auto& field : fields) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    field = line.substr(0, line.find(' '));
    line.remove_prefix(field.size());
  }
  return fields;
}

using Listeners = std::unordered_map<std::uint64_t, std::uint16_t>;

Listeners ListenersOf(const ProcFs& proc, std::uint32_t tgid,
                      const std::set<std::uint16_t>& ports) {
  Listeners all;
  for (const char* table : {"net/tcp", "net/tcp6"}) {
    if (const auto text = ReadFile(proc.PathOf(tgid, table), kMaxTable))
      all.merge(ParseListeners(*text, ports));
  }
  return all;
}

std::vector<std::uint16_t> PortsHeldBy(const ProcFs& proc, std::uint32_t tgid,
                                       const Listeners& listeners) {
  constexpr std::string_view kPrefix = "socket:[";
  std::set<std::uint16_t> held;
  const std::string folder = proc.PathOf(tgid, "fd");
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(folder.c_str()), closedir);
  if (!directory) return {};
  std::size_t seen = 0;
  while (const dirent* entry = readdir(directory.get())) {
    if (++seen > kMaxDescriptors) break;
    const std::string target = ReadLink(folder + "/" + entry->d_name).value_or("");
    if (target.compare(0, kPrefix.size(), kPrefix) != 0 || target.back() != ']') continue;
    std::uint64_t inode = 0;
    const auto digits =
        std::string_view(target).substr(kPrefix.size(), target.size() - kPrefix.size() - 1);
    if (!ParseNumber(digits, inode, 10)) continue;
    if (const auto found = listeners.find(inode); found != listeners.end())
      held.insert(found->second);
  }
  return {held.begin(), held.end()};
}

}  // namespace

std::unordered_map<std::uint64_t, std::uint16_t> ParseListeners(
    std::string_view text, const std::set<std::uint16_t>& ports) {
  // sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode ...; addresses are hex
  // "ADDRESS:PORT"
  constexpr std::string_view kListen = "0A";
  Listeners found;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto fields = Fields(text.substr(0, end));
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
    if (fields[3] != kListen) continue;
    const auto colon = fields[1].rfind(':');
    std::uint16_t port = 0;
    std::uint64_t inode = 0;
    if (colon == std::string_view::npos || !ParseNumber(fields[1].substr(colon + 1), port, 16) ||
        !ParseNumber(fields[9], inode, 10)) {
      continue;
    }
    if (ports.count(port) != 0) found.emplace(inode, port);
  }
  return found;
}

std::map<std::uint32_t, std::vector<std::uint16_t>> FindListeners(
    const ProcFs& proc, const std::vector<std::uint32_t>& processes,
    const std::set<std::uint16_t>& ports) {
  std::map<std::uint32_t, std::vector<std::uint16_t>> out;
  if (ports.empty()) return out;
  std::map<std::string, Listeners> by_namespace;
  for (const std::uint32_t tgid : processes) {
    const auto netns = ReadLink(proc.PathOf(tgid, "ns/net"));
    if (!netns) continue;  // gone, or not ours to look at
    auto known = by_namespace.find(*netns);
    if (known == by_namespace.end())
      known = by_namespace.emplace(*netns, ListenersOf(proc, tgid, ports)).first;
    if (known->second.empty()) continue;
    if (auto held = PortsHeldBy(proc, tgid, known->second); !held.empty())
      out.emplace(tgid, std::move(held));
  }
  return out;
}

}  // namespace clew::process
