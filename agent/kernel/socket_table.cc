#include "agent/kernel/socket_table.h"

#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <vector>

namespace clew::kernel {
namespace {

constexpr std::size_t kMaxTableBytes = 64 << 20;
constexpr unsigned kEstablished = 1;  // TCP states as in the kernel's net/tcp_states.h
constexpr unsigned kListen = 10;

std::vector<std::string_view> Fields(std::string_view line) {
  std::vector<std::string_view> fields;
  while (fields.size() < 10) {
    const std::size_t start = line.find_first_not_of(' ');
    if (start == std::string_view::npos) break;
    const std::size_t end = line.find(' ', start);
    fields.push_back(line.substr(start, end == std::string_view::npos ? end : end - start));
    if (end == std::string_view::npos) break;
    line.remove_prefix(end);
  }
  return fields;
}

template <typename T>
std::optional<T> Number(std::string_view text, int base) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "0100007F:1F90" -> 8080
std::optional<std::uint16_t> Port(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return Number<std::uint16_t>(address.substr(colon + 1), 16);
}

}  // namespace

bool SocketTable::IsClient(std::uint64_t inode) const {
  const auto found = established.find(inode);
  return found != established.end() && !listening.contains(found->second.local_port);
}

void ParseSocketTable(std::string_view text, SocketTable& table) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
    const auto fields = Fields(line);
    if (fields.size() < 10) continue;
    const auto local = Port(fields[1]);
    const auto remote = Port(fields[2]);
    const auto state = Number<unsigned>(fields[3], 16);
    const auto inode = Number<std::uint64_t>(fields[9], 10);
    if (!local || !remote || !state || !inode) continue;
    if (*state == kListen) table.listening.insert(*local);
    if (*state == kEstablished) table.established[*inode] = {*local, *remote};
  }
}

SocketTable ReadSocketTable(std::uint32_t pid) {
  SocketTable table;
  for (const char* name : {"/net/tcp", "/net/tcp6"}) {
    std::ifstream in("/proc/" + std::to_string(pid) + name, std::ios::binary);
    std::string text;
    for (std::string line; text.size() < kMaxTableBytes && std::getline(in, line);) text.append(line).append("\n");
    ParseSocketTable(text, table);
  }
  return table;
}

}  // namespace clew::kernel
