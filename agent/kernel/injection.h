// Sockets that carry contexts to other processes, by a header (the map) or the TCP option, as user space handles them:
// connections that were open before the agent came, and those that left the map for a large body and may come back.
#pragma once

#include <atomic>
#include <cstdint>
#include <set>
#include <vector>

#include "agent/kernel/adoption.h"
#include "agent/kernel/programs.h"
#include "agent/selftest/injection_under_test.h"
#include "base/fd.h"
#include "base/result.h"

namespace clew::kernel {

class Injection final : public selftest::InjectionUnderTest {
 public:
  // `programs` must outlive this. `cgroups` are where sock_ops is to be attached.
  Injection(Programs& programs, std::vector<Fd> cgroups, std::vector<std::uint16_t> skip_ports);

  // Attaches sock_ops: new connections are watched from now on.
  Status Start();
  // What connections that were open before are adopted for.
  void Use(bool headers, bool options) {
    headers_ = headers;
    options_ = options;
  }
  // Detaches it again.
  void Stop() { links_.clear(); }

  // Takes on the connections that the process has open, in whatever state they are: clients' for headers and options, servers' for
  // options. `until_ack`: it uses FIONREAD. Thread-safe.
  void AdoptProcess(std::uint32_t tgid, bool until_ack);
  // Puts back the socket `inode`, descriptor `fd` of process `tgid`, which had left for a large body, if no request is
  // under way on it. Thread-safe.
  void Reenter(std::uint32_t tgid, int fd, std::uint64_t inode);

  std::uint64_t adopted() const { return adopted_; }
  std::uint64_t adopt_failed() const { return adopt_failed_; }
  std::uint64_t reentered() const { return reentered_; }

  // The same with the TCP option alone under test, on every segment. It works on this object.
  class OptionUnderTest final : public selftest::InjectionUnderTest {
   public:
    explicit OptionUnderTest(Injection& injection) : injection_(injection) {}
    Status Enter(int connected_fd) override;
    Status Leave(int fd) override;
    bool IsIn(int fd) override;
    std::uint64_t inserted() const override;

   private:
    Injection& injection_;
    std::set<std::uint64_t> entered_;  // cookies
  };

  // selftest::InjectionUnderTest, on sockets of this process.
  Status Enter(int connected_fd) override;
  Status Leave(int fd) override;
  bool IsIn(int fd) override;
  std::uint64_t inserted() const override;

 private:
  // While they live, this process may prepare sockets of the cgroups.
  Result<std::vector<Programs::Link>> AllowAdoption();
  // The same for the time of the self-test.
  Status AllowSelfTest();
  void AdoptClient(const TcpDescriptor& socket, int fd, bool until_ack);
  // Has the kernel side prepare the socket by `mode` (ADOPT_* of bpf/sockops.bpf.c).
  Status Prepare(int fd, std::uint8_t mode);
  Status PutIntoMap(int fd);

  Programs& programs_;
  const std::vector<Fd> cgroups_;
  const std::set<std::uint16_t> skip_ports_;
  bool headers_ = false;
  bool options_ = false;
  std::vector<Programs::Link> links_;
  std::vector<Programs::Link> self_test_links_;
  std::atomic<std::uint64_t> adopted_{0};
  std::atomic<std::uint64_t> adopt_failed_{0};
  std::atomic<std::uint64_t> reentered_{0};
  std::atomic<bool> told_{false};  // that adoption fails
};

}  // namespace clew::kernel
