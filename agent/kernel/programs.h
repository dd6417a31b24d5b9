// The BPF programs: which are loaded, how they are attached. Hides libbpf and the skeleton from the rest of the agent.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/kernel/python_entry.h"
#include "agent/runtime/java_layout.h"
#include "agent/runtime/plan.h"
#include "base/fd.h"
#include "base/network.h"
#include "base/result.h"

struct clew_bpf;
struct bpf_link;
struct bpf_map;
struct bpf_program;

namespace clew::kernel {

// How bytes on sockets are seen; see docs/architecture.md.
enum class Capture : std::uint8_t { kAuto, kSocket, kSyscall };
const char* CaptureName(Capture capture);

struct ProgramOptions {
  Capture capture = Capture::kAuto;
  std::vector<int> selector_cgroups;  // descriptors; at most 8
  bool trace_new_processes = true;    // of a selecting cgroup, before user space has looked at them
  double sample_ratio = 1.0;          // of new traces
  bool started_threads = false;       // a thread that was started for a request works for it alone
  std::size_t ring_bytes = 8 << 20;   // a power of two, at least a page
  std::vector<std::uint16_t> skip_ports;
  bool load_injection = true;
  std::vector<Network> option_networks;  // where the TCP option may be used; empty: not at all
  bool load_runtimes = true;  // the probes in runtimes
  bool load_handback = false;  // the hooks that see who waits for whom
};

class Programs {
 public:
  // Opens, configures, loads and attaches capture and process programs; injection is loaded but attached by AttachInjection.
  // kDenied when the kernel refuses BPF to this process, with what is missing.
  static Result<std::unique_ptr<Programs>> Load(const ProgramOptions& options);
  ~Programs();
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;

  Capture capture() const { return capture_; }
  // Attaches the capture and process programs. Nothing is seen before.
  Status Attach();
  // The sk_msg program to the map of sockets: needed before any socket enters it.
  Status AttachMessages();
  // A program stays attached while its link lives.
  struct LinkDeleter {
    void operator()(bpf_link* link) const;
  };
  using Link = std::unique_ptr<bpf_link, LinkDeleter>;
  // Whether this kernel and back end can have the TCP option; if not, why.
  const std::string& option_lacks() const { return option_lacks_; }
  // From now on contexts go into TCP options of new connections and are taken from them, or no more.
  void SetOption(bool on);
  // sock_ops to one cgroup: its new connections are watched from now on.
  Result<Link> AttachSockOps(int cgroup);
  // The helper program of adoption to one cgroup.
  Result<Link> AttachAdopt(int cgroup);
  // The hook that sees ioctl(FIONREAD), on every system call of the node: only while it is needed.
  Result<Link> AttachFionreadWatch();
  // The hooks that see which thread waits and which one wakes it, on all of the node: only while they are needed.
  Result<std::vector<Link>> AttachHandback();
  // From now on what they see is evidence, or no more.
  void SetHandback(bool on);
  // One probe of a runtime, in one process, in the file at `path`; the process may load it later.
  Result<Link> AttachRuntimeProbe(const runtime::Probe& probe, std::uint32_t tgid, const std::string& path);
  // Where CPython's structures of `tgid` have what is read there; before its flag is set.
  Status SetPython(std::uint32_t tgid, const PythonEntry& entry);
  // The same of a virtual machine of Java.
  Status SetJava(std::uint32_t tgid, const runtime::JavaLayout& layout);
  // Clears and sets flags (of ProcEntry) of a process that is known, in place. kNotFound: it is not.
  Status ChangeProc(std::uint32_t tgid, std::uint32_t set, std::uint32_t clear);
  // Which process may adopt: the agent, or its self-test child.
  void SetAdopter(std::uint32_t tgid);
  // The process whose new connections are those of the self-test; 0: no process.
  void SetSelfTest(std::uint32_t tgid);
  // Drops the state of all sockets. The self-test's pairs end before anything is attached that would notice, and in the
  // system-call back end their state would stand in the way of the socket that gets the same address.
  void ForgetConnections();
  // Flags (of ProcEntry) that a process of a selecting cgroup gets besides being traced, until user space has looked at it.
  void SetNewProcessInjection(std::uint32_t flags);

  int ring_fd() const;
  int procs_fd() const;
  int sockets_fd() const;
  int drops_fd() const;
  int injects_fd() const;
  int stats_fd() const;
  // Runs of programs that the kernel left out because the program was running already on that CPU.
  std::uint64_t MissedRuns() const;

 private:
  Programs() = default;
  Result<Link> AttachCgroup(bpf_program* program, int cgroup, const char* what);

  clew_bpf* skeleton_ = nullptr;
  std::vector<Link> links_;
  Capture capture_ = Capture::kSocket;
  std::string option_lacks_;
};

}  // namespace clew::kernel
