#include "agent/kernel/self_test_child.h"

#include <bpf/bpf.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <thread>

namespace clew::kernel {
namespace {

constexpr std::chrono::seconds kLimit{12};

// A cgroup folder that exists for the time of the test.
class TemporaryCgroup {
 public:
  static Result<TemporaryCgroup> Make(const std::string& parent) {
    const std::string path = parent + "/clew-selftest-" + std::to_string(getpid());
    if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return ErrnoError("create cgroup", path, errno);
    return TemporaryCgroup(path);
  }
  TemporaryCgroup(TemporaryCgroup&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  TemporaryCgroup& operator=(TemporaryCgroup&&) = delete;
  ~TemporaryCgroup() {
    if (path_.empty()) return;
    // The kernel lets a group go a moment after its last process.
    for (int i = 0; i < 100 && rmdir(path_.c_str()) != 0 && errno == EBUSY; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryCgroup(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

void Append(std::string& out, bool value) { out += value ? "1" : "0"; }

// The child's whole life: joins the group, asks, writes its answers as text, exits.
[[noreturn]] void Child(int go, int answers, const std::string& cgroup, selftest::InjectionUnderTest& under_test, TestedCarrier carrier) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  char start = 0;
  if (read(go, &start, 1) != 1) _exit(3);  // the parent excludes us from tracing first
  {
    std::ofstream procs(cgroup + "/cgroup.procs");
    procs << "0\n";
    procs.flush();
    if (!procs) _exit(4);
  }
  const bool header = carrier == TestedCarrier::kHeader;
  selftest::SelfTestOptions options;
  if (!header) options.echo_size /= 20;  // the way of the bytes is the usual one: no need to wait for as many
  const selftest::SelfTestReport report = selftest::RunSelfTest(under_test, options);
  const selftest::Policy policy{.fionread_users_leave_early = header};
  // A test that inserted nothing has not tested anything.
  const bool tested = report.inserted > 0 && (report.headers_seen > 0) == header;
  std::string text;
  Append(text, report.Harmless(policy) && tested);
  Append(text, report.Ok(selftest::Concern::kFionread));
  int failed = 0;
  for (const auto& answer : report.answers) failed += answer.passed ? 0 : 1;
  text += " " + std::to_string(report.answers.size()) + " " + std::to_string(failed) + " ";
  if (!tested) text += header ? "no header arrived in any of the self-test's requests; " : "no segment of the self-test carried the option; ";
  text += report.Differences();
  text.resize(std::min<std::size_t>(text.size(), 4000));  // one write to a pipe is whole
  const bool written = write(answers, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  _exit(written ? 0 : 5);
}

Result<SelfTestVerdict> Parse(const std::string& text) {
  SelfTestVerdict verdict;
  int asked = 0, failed = 0, used = 0;
  char harmless = 0, fionread = 0;
  if (std::sscanf(text.c_str(), "%c%c %d %d %n", &harmless, &fionread, &asked, &failed, &used) != 4) {
    return Error{Code::kInternal, "the self-test ended without an answer"};
  }
  verdict.harmless = harmless == '1';
  verdict.fionread_ok = fionread == '1';
  verdict.asked = asked;
  verdict.failed = failed;
  verdict.differences = text.substr(static_cast<std::size_t>(used));
  return verdict;
}

}  // namespace

Result<SelfTestVerdict> RunSelfTestInChild(Programs& programs, selftest::InjectionUnderTest& under_test, TestedCarrier carrier,
                                           const std::string& cgroup_path) {
  auto cgroup = TemporaryCgroup::Make(cgroup_path);
  if (!cgroup) return cgroup.error();
  int go[2], answers[2];
  if (pipe(go) != 0) return ErrnoError("pipe", "", errno);
  Fd go_read(go[0]), go_write(go[1]);
  if (pipe(answers) != 0) return ErrnoError("pipe", "", errno);
  Fd answers_read(answers[0]), answers_write(answers[1]);

  const pid_t child = fork();
  if (child < 0) return ErrnoError("fork", "the self-test", errno);
  if (child == 0) {
    go_write.Reset();
    answers_read.Reset();
    Child(go_read.get(), answers_write.get(), cgroup->path(), under_test, carrier);
  }
  go_read.Reset();
  answers_write.Reset();
  // Known and not traced: a cgroup selector would else take it for a process of the user's.
  const std::uint32_t tgid = static_cast<std::uint32_t>(child);
  const std::uint64_t excluded = 0;
  bpf_map_update_elem(programs.procs_fd(), &tgid, &excluded, BPF_ANY);
  programs.SetAdopter(tgid);
  programs.SetSelfTest(tgid);
  const char start = 1;
  const bool started = write(go_write.get(), &start, 1) == 1;

  std::string text;
  pollfd waiting{answers_read.get(), POLLIN, 0};
  if (started && poll(&waiting, 1, static_cast<int>(std::chrono::milliseconds(kLimit).count())) == 1) {
    char buffer[4096];
    const ssize_t n = read(answers_read.get(), buffer, sizeof(buffer));
    if (n > 0) text.assign(buffer, static_cast<std::size_t>(n));
  }
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  programs.SetSelfTest(0);
  programs.SetAdopter(static_cast<std::uint32_t>(getpid()));
  bpf_map_delete_elem(programs.procs_fd(), &tgid);
  return Parse(text);
}

}  // namespace clew::kernel
