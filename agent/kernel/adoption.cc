#include "agent/kernel/adoption.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <string>
#include <string_view>

#include "agent/kernel/socket_table.h"

namespace clew::kernel {
namespace {

// "socket:[4711]" -> 4711; 0 for anything else.
std::uint64_t SocketInode(std::string_view link) {
  constexpr std::string_view kPrefix = "socket:[";
  if (!link.starts_with(kPrefix) || !link.ends_with("]")) return 0;
  link = link.substr(kPrefix.size(), link.size() - kPrefix.size() - 1);
  std::uint64_t inode = 0;
  const auto [end, error] = std::from_chars(link.data(), link.data() + link.size(), inode);
  return error == std::errc() && end == link.data() + link.size() ? inode : 0;
}

}  // namespace

std::vector<TcpDescriptor> FindTcpSockets(std::uint32_t tgid, const std::set<std::uint16_t>& skip_ports) {
  std::vector<TcpDescriptor> held;
  std::error_code error;
  const std::string folder = "/proc/" + std::to_string(tgid) + "/fd";
  for (auto entry = std::filesystem::directory_iterator(folder, error); !error && entry != std::filesystem::directory_iterator();
       entry.increment(error)) {
    std::error_code ignored;
    const std::string target = std::filesystem::read_symlink(entry->path(), ignored).string();
    const std::uint64_t inode = ignored ? 0 : SocketInode(target);
    if (inode != 0) held.push_back({.fd = std::stoi(entry->path().filename().string()), .inode = inode});
  }
  if (held.empty()) return held;
  const SocketTable table = ReadSocketTable(tgid);
  std::vector<TcpDescriptor> found;
  std::set<std::uint64_t> seen;  // a socket may have several descriptors
  for (TcpDescriptor& socket : held) {
    const auto established = table.established.find(socket.inode);
    if (established == table.established.end() || !seen.insert(socket.inode).second) continue;
    socket.client = table.IsClient(socket.inode);
    if (!socket.client || !skip_ports.contains(established->second.remote_port)) found.push_back(socket);
  }
  return found;
}

Fd OpenForeignSocket(std::uint32_t tgid, int fd, std::uint64_t inode) {
  const Fd process(static_cast<int>(syscall(SYS_pidfd_open, tgid, 0)));
  if (!process.valid()) return Fd();
  Fd copy(static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), fd, 0)));
  struct stat status {};
  if (!copy.valid() || fstat(copy.get(), &status) != 0 || !S_ISSOCK(status.st_mode) || status.st_ino != inode) return Fd();
  return copy;
}

bool LooksIdle(int fd) {
  int unsent = 0;
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (ioctl(fd, SIOCOUTQ, &unsent) != 0 || unsent != 0) return false;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  // Both are milliseconds since then: the smaller one is the later event.
  return info.tcpi_last_data_recv < info.tcpi_last_data_sent;
}

}  // namespace clew::kernel
