#include "noop_sockhash.h"

#include <linux/bpf.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cookie.h"

namespace clew::selftest {
namespace {

// Plain bpf(2): two instructions need no object file and no libbpf.
int Bpf(int command, bpf_attr& attr) {
  return static_cast<int>(::syscall(SYS_bpf, command, &attr, sizeof attr));
}
bpf_attr Zeroed() {
  bpf_attr attr;
  std::memset(&attr, 0, sizeof attr);
  return attr;
}
std::uint64_t Pointer(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

}  // namespace

Result<std::unique_ptr<NoopSockhash>> NoopSockhash::Make(bool no_delay) {
  bpf_attr map = Zeroed();
  map.map_type = BPF_MAP_TYPE_SOCKHASH;
  map.key_size = map.value_size = sizeof(std::uint64_t);
  map.max_entries = 1024;
  Fd map_fd(Bpf(BPF_MAP_CREATE, map));
  if (!map_fd.valid()) return ErrnoError("bpf", "BPF_MAP_CREATE", errno);

  const bpf_insn instructions[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = SK_PASS},
      {.code = BPF_JMP | BPF_EXIT},
  };
  bpf_attr program = Zeroed();
  program.prog_type = BPF_PROG_TYPE_SK_MSG;
  program.insns = Pointer(instructions);
  program.insn_cnt = 2;
  program.license = Pointer("Dual BSD/GPL");
  Fd program_fd(Bpf(BPF_PROG_LOAD, program));
  if (!program_fd.valid()) return ErrnoError("bpf", "BPF_PROG_LOAD", errno);

  bpf_attr attach = Zeroed();
  attach.target_fd = static_cast<std::uint32_t>(map_fd.get());
  attach.attach_bpf_fd = static_cast<std::uint32_t>(program_fd.get());
  attach.attach_type = BPF_SK_MSG_VERDICT;
  if (Bpf(BPF_PROG_ATTACH, attach) != 0) return ErrnoError("bpf", "BPF_PROG_ATTACH", errno);
  return std::unique_ptr<NoopSockhash>(
      new NoopSockhash(std::move(map_fd), std::move(program_fd), no_delay));
}

Status NoopSockhash::Enter(int fd) {
  const int on = 1;
  if (no_delay_ && ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
    return ErrnoError("setsockopt", "TCP_NODELAY", errno);
  }
  const std::uint64_t key = Cookie(fd);
  const auto value = static_cast<std::uint64_t>(fd);
  bpf_attr update = Zeroed();
  update.map_fd = static_cast<std::uint32_t>(map_.get());
  update.key = Pointer(&key);
  update.value = Pointer(&value);
  if (Bpf(BPF_MAP_UPDATE_ELEM, update) != 0) return ErrnoError("bpf", "update", errno);
  return {};
}

Status NoopSockhash::Leave(int fd) {
  const std::uint64_t key = Cookie(fd);
  bpf_attr remove = Zeroed();
  remove.map_fd = static_cast<std::uint32_t>(map_.get());
  remove.key = Pointer(&key);
  if (Bpf(BPF_MAP_DELETE_ELEM, remove) != 0 && errno != ENOENT) {
    return ErrnoError("bpf", "delete", errno);
  }
  return {};
}

bool NoopSockhash::IsIn(int fd) {
  const std::uint64_t key = Cookie(fd);
  std::uint64_t value = 0;
  bpf_attr lookup = Zeroed();
  lookup.map_fd = static_cast<std::uint32_t>(map_.get());
  lookup.key = Pointer(&key);
  lookup.value = Pointer(&value);
  return Bpf(BPF_MAP_LOOKUP_ELEM, lookup) == 0;
}

}  // namespace clew::selftest
