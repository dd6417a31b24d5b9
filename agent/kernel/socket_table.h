// The TCP sockets of a network namespace, from /proc/PID/net/tcp and tcp6.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

namespace clew::kernel {

struct TcpSocket {
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
};

struct SocketTable {
  std::set<std::uint16_t> listening;                        // local ports
  std::unordered_map<std::uint64_t, TcpSocket> established;  // by inode

  // Whether this side connected: nobody here listens on its local port.
  bool IsClient(std::uint64_t inode) const;
};

// Adds the lines of one table. Malformed lines are left out.
void ParseSocketTable(std::string_view text, SocketTable& table);

// Reads both tables as the process sees them. Empty when it is gone.
SocketTable ReadSocketTable(std::uint32_t pid);

}  // namespace clew::kernel
