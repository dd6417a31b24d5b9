#include "agent/kernel/injection.h"

#include <bpf/bpf.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "agent/kernel/adoption.h"
#include "agent/kernel/counters.h"
#include "base/log.h"

namespace clew::kernel {
namespace {

// As in bpf/inject.bpf.c.
constexpr int kAdoptLevel = 0x434c4557;
constexpr std::uint8_t kAdoptIdle = 1;
constexpr std::uint8_t kAdoptBusy = 2;
constexpr std::uint8_t kAdoptSelfTest = 3;
constexpr std::uint8_t kAdoptUntilAck = 16;

Result<std::uint64_t> Cookie(int fd) {
  std::uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) != 0) return ErrnoError("getsockopt", "SO_COOKIE", errno);
  return cookie;
}

}  // namespace

Injection::Injection(Programs& programs, std::vector<Fd> cgroups, std::vector<std::uint16_t> skip_ports)
    : programs_(programs), cgroups_(std::move(cgroups)), skip_ports_(skip_ports.begin(), skip_ports.end()) {}

Status Injection::Start() {
  for (const Fd& cgroup : cgroups_) {
    auto link = programs_.AttachSockOps(cgroup.get());
    if (!link) return link.error();
    links_.push_back(std::move(link).value());
  }
  return {};
}

Result<std::vector<Programs::Link>> Injection::AllowAdoption() {
  std::vector<Programs::Link> links;
  for (const Fd& cgroup : cgroups_) {
    auto link = programs_.AttachAdopt(cgroup.get());
    if (!link) return link.error();
    links.push_back(std::move(link).value());
  }
  return links;
}

Status Injection::PutIntoMap(int fd) {
  const auto cookie = Cookie(fd);
  if (!cookie) return cookie.error();
  const std::uint64_t value = static_cast<std::uint64_t>(fd);
  if (bpf_map_update_elem(programs_.sockets_fd(), &*cookie, &value, BPF_ANY) != 0) {
    return ErrnoError("put under injection", "socket", errno);
  }
  return {};
}

Status Injection::Adopt(int fd, std::uint8_t mode) {
  if (setsockopt(fd, kAdoptLevel, 0, &mode, sizeof(mode)) != 0) return ErrnoError("prepare for injection", "socket", errno);
  return PutIntoMap(fd);
}

int Injection::AdoptProcess(std::uint32_t tgid, bool until_ack) {
  const auto candidates = FindClientSockets(tgid, skip_ports_);
  if (candidates.empty()) return 0;
  const auto links = AllowAdoption();
  if (!links) {
    LOG_WARN("connections opened earlier stay without injection", {"reason", links.error().message});
    adopt_failed_ += candidates.size();
    return 0;
  }
  int adopted = 0;
  for (const ClientSocket& candidate : candidates) {
    const Fd fd = OpenForeignSocket(tgid, candidate.fd, candidate.inode);
    if (!fd.valid()) continue;  // closed meanwhile
    const std::uint8_t mode = LooksIdle(fd.get()) ? kAdoptIdle : kAdoptBusy;
    const auto status = Adopt(fd.get(), until_ack ? mode | kAdoptUntilAck : mode);
    if (status) {
      ++adopted;
    } else {
      ++adopt_failed_;
      LOG_DEBUG("connection not adopted", {"tgid", std::to_string(tgid)}, {"reason", status.error().message});
    }
  }
  adopted_ += static_cast<std::uint64_t>(adopted);
  return adopted;
}

void Injection::Reenter(std::uint32_t tgid, int fd, std::uint64_t inode) {
  const Fd copy = OpenForeignSocket(tgid, fd, inode);
  // A body that is being written when the socket enters would be just what it left for. If the next request has begun
  // already, the kernel side asks again with the reply to that one.
  if (!copy.valid() || !LooksIdle(copy.get()) || !PutIntoMap(copy.get())) return;
  if (LooksIdle(copy.get())) {
    ++reentered_;
  } else {
    (void)Leave(copy.get());
  }
}

Status Injection::Enter(int connected_fd) {
  if (self_test_links_.empty()) {
    auto links = AllowAdoption();
    if (!links) return links.error();
    self_test_links_ = std::move(links).value();
  }
  return Adopt(connected_fd, kAdoptSelfTest);
}

Status Injection::Leave(int fd) {
  const auto cookie = Cookie(fd);
  if (!cookie) return cookie.error();
  if (bpf_map_delete_elem(programs_.sockets_fd(), &*cookie) != 0 && errno != ENOENT && errno != EINVAL) {
    return ErrnoError("take from injection", "socket", errno);
  }
  return {};
}

bool Injection::IsIn(int fd) {
  const auto cookie = Cookie(fd);
  std::uint64_t value = 0;
  return cookie && bpf_map_lookup_elem(programs_.sockets_fd(), &*cookie, &value) == 0;
}

std::uint64_t Injection::inserted() const { return ReadPerCpu(programs_.stats_fd(), SelfTestInsertedStat()); }

}  // namespace clew::kernel
