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

// enum adopt_mode of bpf/sockops.bpf.c.
constexpr int kAdoptLevel = 0x434c4557;
constexpr std::uint8_t kAdoptIdle = 1;
constexpr std::uint8_t kAdoptBusy = 2;
constexpr std::uint8_t kAdoptSelfTest = 3;
constexpr std::uint8_t kAdoptProbe = 4;
constexpr std::uint8_t kAdoptServer = 5;
constexpr std::uint8_t kAdoptRelease = 6;
constexpr std::uint8_t kAdoptUntilAck = 16;
constexpr std::uint8_t kAdoptNoMap = 32;

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

Status Injection::Prepare(int fd, std::uint8_t mode) {
  if (setsockopt(fd, kAdoptLevel, 0, &mode, sizeof(mode)) != 0) return ErrnoError("prepare", "socket", errno);
  return {};
}

void Injection::AdoptClient(const TcpDescriptor& socket, int fd, bool until_ack) {
  const std::uint8_t mode = static_cast<std::uint8_t>((LooksIdle(fd) ? kAdoptIdle : kAdoptBusy) | (until_ack ? kAdoptUntilAck : 0) |
                                                      (headers_ ? 0 : kAdoptNoMap));
  Status status = Prepare(fd, mode);
  if (status && headers_) status = PutIntoMap(fd);
  ++(status ? adopted_ : adopt_failed_);
  if (status) return;
  LOG_DEBUG("connection not adopted", {"inode", std::to_string(socket.inode)}, {"reason", status.error().message});
  if (!told_.exchange(true)) {
    LOG_WARN("a connection opened before its process was traced carries no context; kernels before 6.13 cannot change that",
             {"reason", status.error().message});
  }
}

void Injection::AdoptProcess(std::uint32_t tgid, bool until_ack) {
  auto candidates = FindTcpSockets(tgid, skip_ports_);
  if (!options_) std::erase_if(candidates, [](const TcpDescriptor& socket) { return !socket.client; });
  if (candidates.empty()) return;
  const auto links = AllowAdoption();
  if (!links) {
    LOG_WARN("connections opened earlier stay as they are", {"reason", links.error().message});
    adopt_failed_ += candidates.size();
    return;
  }
  for (const TcpDescriptor& candidate : candidates) {
    const Fd fd = OpenForeignSocket(tgid, candidate.fd, candidate.inode);
    if (!fd.valid()) continue;  // closed meanwhile
    if (candidate.client) {
      AdoptClient(candidate, fd.get(), until_ack);
    } else if (!Prepare(fd.get(), kAdoptServer)) {
      ++adopt_failed_;
    }
  }
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

Status Injection::AllowSelfTest() {
  if (!self_test_links_.empty()) return {};
  auto links = AllowAdoption();
  if (!links) return links.error();
  self_test_links_ = std::move(links).value();
  return {};
}

Status Injection::Enter(int connected_fd) {
  if (auto allowed = AllowSelfTest(); !allowed) return allowed;
  if (auto prepared = Prepare(connected_fd, kAdoptSelfTest); !prepared) return prepared;
  return PutIntoMap(connected_fd);
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

Status Injection::OptionUnderTest::Enter(int connected_fd) {
  if (auto allowed = injection_.AllowSelfTest(); !allowed) return allowed;
  const auto cookie = Cookie(connected_fd);
  if (!cookie) return cookie.error();
  entered_.insert(*cookie);
  return injection_.Prepare(connected_fd, kAdoptProbe);
}

Status Injection::OptionUnderTest::Leave(int fd) {
  if (const auto cookie = Cookie(fd)) entered_.erase(*cookie);
  return injection_.Prepare(fd, kAdoptRelease);
}

bool Injection::OptionUnderTest::IsIn(int fd) {
  const auto cookie = Cookie(fd);
  return cookie && entered_.contains(*cookie);
}

std::uint64_t Injection::OptionUnderTest::inserted() const {
  return ReadPerCpu(injection_.programs_.stats_fd(), SelfTestOptionsStat());
}

}  // namespace clew::kernel
