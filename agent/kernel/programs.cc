#include "agent/kernel/programs.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "base/log.h"
#include "clew.skel.h"

namespace clew::kernel {
namespace {

constexpr std::uint32_t kProcTraced = 1;  // PROC_TRACED of bpf/maps.bpf.h

constexpr std::size_t kLogTail = 1500;  // of the verifier's log, whose reason stands at its end

// What the verifier said of the program that it refused last; empty: none was.
std::string& Refusal() {
  static std::string refusal;
  return refusal;
}

int LogLibbpf(libbpf_print_level level, const char* format, va_list args) {
  if (level == LIBBPF_DEBUG) return 0;
  va_list again;
  va_copy(again, args);
  const int size = std::vsnprintf(nullptr, 0, format, again);
  va_end(again);
  if (size <= 0) return 0;
  std::string text(static_cast<std::size_t>(size), '\0');
  std::vsnprintf(text.data(), text.size() + 1, format, args);
  const bool refused = text.find("BEGIN PROG LOAD LOG") != std::string::npos;
  if (text.size() > kLogTail) text.replace(0, text.size() - kLogTail, "... ");
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  LOG_DEBUG("libbpf", {"text", text});
  if (refused) Refusal() = std::move(text);
  return 0;
}

// Whether the running kernel has the raw tracepoint `name`, by its BTF.
bool HasTracepoint(const char* name) {
  btf* vmlinux = btf__load_vmlinux_btf();
  if (libbpf_get_error(vmlinux) != 0) return false;
  const bool found = btf__find_by_name_kind(vmlinux, (std::string("btf_trace_") + name).c_str(), BTF_KIND_TYPEDEF) > 0;
  btf__free(vmlinux);
  return found;
}

// One that is attached to functions of processes.
bool IsProbe(const bpf_program* program) { return std::string_view(bpf_program__section_name(program)) == "uprobe"; }

Error LoadError(int error) {
  // For want of rights the kernel answers EPERM before its verifier looks; the verifier itself says EACCES and others.
  if (error != EPERM && !Refusal().empty()) return Error{Code::kUnsupported, "this kernel's verifier refuses a BPF program: " + Refusal()};
  if (error == EPERM || error == EACCES) {
    return Error{Code::kDenied,
                 "the kernel refuses to load BPF programs: run as root or with CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN and CAP_SYS_PTRACE, "
                 "outside of an unprivileged container"};
  }
  if (error == ENOSYS || error == EOPNOTSUPP) {
    return Error{Code::kUnsupported, "this kernel has no BPF: Clew needs Linux 5.17 or later with CONFIG_BPF_SYSCALL and BTF"};
  }
  return ErrnoError("load", "BPF programs", error);
}

std::uint64_t SampleLimit(double ratio) {
  if (ratio >= 1) return ~std::uint64_t{0};
  if (ratio <= 0) return 0;
  return static_cast<std::uint64_t>(std::ldexp(ratio, 64));
}

}  // namespace

const char* CaptureName(Capture capture) {
  switch (capture) {
    case Capture::kAuto: return "auto";
    case Capture::kSocket: return "socket";
    case Capture::kSyscall: return "syscall";
  }
  return "auto";
}

void Programs::LinkDeleter::operator()(bpf_link* link) const { bpf_link__destroy(link); }

Result<std::unique_ptr<Programs>> Programs::Load(const ProgramOptions& options) {
  libbpf_set_print(LogLibbpf);
  std::unique_ptr<Programs> programs(new Programs());
  const bool has_socket = HasTracepoint("sock_recv_length") && HasTracepoint("sock_send_length");
  if (options.capture == Capture::kSocket && !has_socket) {
    return Error{Code::kUnsupported,
                 "--capture=socket needs the tracepoints sock_recv_length and sock_send_length (Linux 6.3 or later with BTF); use --capture=auto"};
  }
  const bool socket = options.capture == Capture::kSocket || (options.capture == Capture::kAuto && has_socket);
  programs->capture_ = socket ? Capture::kSocket : Capture::kSyscall;

  clew_bpf* skeleton = clew_bpf__open();
  if (skeleton == nullptr) return LoadError(errno);
  programs->skeleton_ = skeleton;
  skeleton->rodata->cfg_cgroups = static_cast<std::uint32_t>(options.selector_cgroups.size());
  skeleton->rodata->cfg_new_proc_flags = options.trace_new_processes ? kProcTraced : 0;
  skeleton->rodata->cfg_conn_storage = socket ? 1 : 0;
  skeleton->rodata->cfg_sample_limit = SampleLimit(options.sample_ratio);
  skeleton->rodata->cfg_started_threads = options.started_threads ? 1 : 0;
  skeleton->rodata->cfg_handback = options.load_handback ? 1 : 0;
  skeleton->rodata->cfg_self_tgid = static_cast<std::uint32_t>(getpid());
  skeleton->rodata->cfg_wake_bytes = static_cast<std::uint32_t>(options.ring_bytes / 4);
  bpf_map__set_max_entries(skeleton->maps.events, static_cast<std::uint32_t>(options.ring_bytes));
  const auto& p = skeleton->progs;
  for (bpf_program* program : {p.socket_recv, p.socket_send, p.socket_state}) bpf_program__set_autoload(program, socket);
  for (bpf_program* program : {p.syscall_exit, p.syscall_state}) bpf_program__set_autoload(program, !socket);
  const bool option = !options.option_networks.empty();
  const bool has_send = HasTracepoint("tcp_sendmsg_locked");
  if (option && socket && !has_send) programs->option_lacks_ = "needs Linux 6.16, or --capture=syscall";
  for (bpf_program* program : {p.watch_sockets, p.adopt_socket}) bpf_program__set_autoload(program, options.load_injection || option);
  for (bpf_program* program : {p.inject_message, p.watch_fionread}) bpf_program__set_autoload(program, options.load_injection);
  for (bpf_program* program : {p.handback_sleeps, p.handback_wakes}) bpf_program__set_autoload(program, options.load_handback);
  bpf_program__set_autoload(p.option_sendmsg, option && socket && has_send);
  bpf_program__set_autoload(p.option_syscall, option && !socket);
  bpf_program* program;
  bpf_object__for_each_program(program, skeleton->obj) {
    if (IsProbe(program)) bpf_program__set_autoload(program, options.load_runtimes);
  }
  bpf_program__set_autoload(p.process_io_uring, HasTracepoint("io_uring_create"));
  if (socket) bpf_map__set_max_entries(skeleton->maps.conn_hash, 1);  // not used then
  if (const int error = clew_bpf__load(skeleton); error != 0) return LoadError(-error);

  for (std::uint32_t i = 0; i < options.selector_cgroups.size(); ++i) {
    if (bpf_map_update_elem(bpf_map__fd(skeleton->maps.cgroups), &i, &options.selector_cgroups[i], BPF_ANY) != 0) {
      return ErrnoError("select", "cgroup", errno);
    }
  }
  for (const std::uint16_t port : options.skip_ports) {
    const std::uint8_t one = 1;
    if (bpf_map_update_elem(bpf_map__fd(skeleton->maps.skip_ports), &port, &one, BPF_ANY) != 0) {
      return ErrnoError("set", "ports without injection", errno);
    }
  }
  for (const Network& network : options.option_networks) {
    struct {  // struct network of bpf/maps.bpf.h
      std::uint32_t prefix;
      std::array<std::uint8_t, 16> address;
    } const key{network.prefix, network.address};
    const std::uint8_t one = 1;
    if (bpf_map_update_elem(bpf_map__fd(skeleton->maps.option_networks), &key, &one, BPF_ANY) != 0) {
      return ErrnoError("set", "networks of the TCP option", errno);
    }
  }
  return programs;
}

Programs::~Programs() {
  links_.clear();
  if (skeleton_ != nullptr) clew_bpf__destroy(skeleton_);
}

Status Programs::Attach() {
  const auto& p = skeleton_->progs;
  // Processes first: a fork between the two would else be lost.
  for (bpf_program* program : {p.process_fork, p.process_exec, p.process_exit, p.thread_waits, p.process_io_uring, p.socket_state,
                               p.syscall_state, p.socket_send, p.socket_recv, p.syscall_exit, p.option_sendmsg, p.option_syscall}) {
    if (!bpf_program__autoload(program)) continue;
    bpf_link* link = bpf_program__attach(program);
    if (link == nullptr) return ErrnoError("attach BPF program", bpf_program__name(program), errno);
    links_.emplace_back(link);
  }
  return {};
}

Status Programs::AttachMessages() {
  if (bpf_prog_attach(bpf_program__fd(skeleton_->progs.inject_message), sockets_fd(), BPF_SK_MSG_VERDICT, 0) != 0) {
    return ErrnoError("attach", "sk_msg program", errno);
  }
  return {};
}

Result<Programs::Link> Programs::AttachCgroup(bpf_program* program, int cgroup, const char* what) {
  bpf_link* link = bpf_program__attach_cgroup(program, cgroup);
  if (link == nullptr) return ErrnoError("attach to the cgroup", what, errno);
  return Link(link);
}

Result<Programs::Link> Programs::AttachSockOps(int cgroup) {
  return AttachCgroup(skeleton_->progs.watch_sockets, cgroup, "sock_ops program");
}

Result<Programs::Link> Programs::AttachAdopt(int cgroup) {
  return AttachCgroup(skeleton_->progs.adopt_socket, cgroup, "setsockopt program");
}

Result<Programs::Link> Programs::AttachFionreadWatch() {
  bpf_link* link = bpf_program__attach(skeleton_->progs.watch_fionread);
  if (link == nullptr) return ErrnoError("attach BPF program", "watch_fionread", errno);
  return Link(link);
}

Result<std::vector<Programs::Link>> Programs::AttachHandback() {
  std::vector<Link> links;
  for (bpf_program* program : {skeleton_->progs.handback_sleeps, skeleton_->progs.handback_wakes}) {
    bpf_link* link = bpf_program__attach(program);
    if (link == nullptr) return ErrnoError("attach BPF program", bpf_program__name(program), errno);
    links.emplace_back(link);
  }
  return links;
}

void Programs::SetHandback(bool on) { skeleton_->bss->handback_on = on ? 1 : 0; }

Result<Programs::Link> Programs::AttachRuntimeProbe(const runtime::Probe& probe, std::uint32_t tgid, const std::string& path) {
  const std::string name(probe.program);
  bpf_program* program = bpf_object__find_program_by_name(skeleton_->obj, name.c_str());
  if (program == nullptr) return Error{Code::kInternal, "there is no BPF program " + name};
  LIBBPF_OPTS(bpf_uprobe_opts, options, .bpf_cookie = probe.cookie, .retprobe = probe.at_return);
  bpf_link* link = bpf_program__attach_uprobe_opts(program, static_cast<pid_t>(tgid), path.c_str(), probe.offset, &options);
  if (link == nullptr) return ErrnoError("probe", path, errno);
  return Link(link);
}

void Programs::SetOption(bool on) { skeleton_->bss->option_on = on ? 1 : 0; }

Status Programs::SetPython(std::uint32_t tgid, const PythonEntry& entry) {
  if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.pythons), &tgid, &entry, BPF_ANY) != 0) {
    return ErrnoError("remember the layout of", "process " + std::to_string(tgid), errno);
  }
  return {};
}

Status Programs::SetJava(std::uint32_t tgid, const runtime::JavaLayout& layout) {
  // Behind the layout is what the kernel side notes: nothing yet.
  std::vector<char> value(bpf_map__value_size(skeleton_->maps.javas));
  std::memcpy(value.data(), &layout, sizeof(layout));
  if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.javas), &tgid, value.data(), BPF_ANY) != 0) {
    return ErrnoError("remember the layout of", "process " + std::to_string(tgid), errno);
  }
  return {};
}

Status Programs::ChangeProc(std::uint32_t tgid, std::uint32_t set, std::uint32_t clear) {
  struct {
    std::uint32_t tgid, set, clear;
  } change{tgid, set, clear};  // struct flag_change of bpf/process.bpf.c
  LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &change, .ctx_size_in = sizeof(change));
  const std::string what = "process " + std::to_string(tgid);
  if (bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.change_proc), &run) != 0)
    return ErrnoError("change the tracing of", what, errno);
  if (run.retval != 0) return Error{Code::kNotFound, what + " is not traced"};
  return {};
}

void Programs::SetAdopter(std::uint32_t tgid) { skeleton_->bss->adopter_tgid = tgid; }
void Programs::SetSelfTest(std::uint32_t tgid) { skeleton_->bss->self_test_tgid = tgid; }
void Programs::ForgetConnections() {
  const int fd = bpf_map__fd(skeleton_->maps.conn_hash);
  std::uint64_t key = 0;
  while (bpf_map_get_next_key(fd, nullptr, &key) == 0 && bpf_map_delete_elem(fd, &key) == 0) {
  }
}
void Programs::SetNewProcessInjection(std::uint32_t flags) { skeleton_->bss->new_proc_inject = flags; }

int Programs::ring_fd() const { return bpf_map__fd(skeleton_->maps.events); }
int Programs::procs_fd() const { return bpf_map__fd(skeleton_->maps.procs); }
int Programs::sockets_fd() const { return bpf_map__fd(skeleton_->maps.sockets); }
int Programs::drops_fd() const { return bpf_map__fd(skeleton_->maps.drops); }
int Programs::injects_fd() const { return bpf_map__fd(skeleton_->maps.injects); }
int Programs::stats_fd() const { return bpf_map__fd(skeleton_->maps.stats); }

std::uint64_t Programs::MissedRuns() const {
  std::uint64_t missed = 0;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton_->obj) {
    if (!bpf_program__autoload(program)) continue;
    bpf_prog_info info{};
    std::uint32_t size = sizeof(info);
    if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0) missed += info.recursion_misses;
  }
  return missed;
}

}  // namespace clew::kernel
