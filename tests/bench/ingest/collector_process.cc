#include "collector_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

extern char** environ;

namespace clew::bench {
namespace {

constexpr std::chrono::seconds kStartPatience{20};

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The value of `key=value` in a log line.
std::string FieldOf(const std::string& log, const std::string& key) {
  const std::size_t at = log.find(" " + key + "=");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + key.size() + 2;
  return log.substr(begin, log.find_first_of(" \n", begin) - begin);
}

}  // namespace

Result<std::unique_ptr<CollectorProcess>> CollectorProcess::Start(
    const std::string& binary, const std::vector<std::string>& extra,
    const std::filesystem::path& data_dir) {
  std::unique_ptr<CollectorProcess> self(new CollectorProcess);
  auto dir = TempDir::Make();
  if (!dir) return dir.error();
  self->dir_.emplace(std::move(dir).value());
  self->data_dir_ = data_dir.empty() ? self->dir_->path() / "data" : data_dir;
  std::vector<std::string> args = {binary,           "--listen",    "127.0.0.1:0",
                                   "--query-listen", "127.0.0.1:0", "--metrics-listen",
                                   "127.0.0.1:0",    "--data-dir",  self->data_dir_.string()};
  args.insert(args.end(), extra.begin(), extra.end());
  std::vector<char*> argv;
  for (std::string& arg : args) argv.push_back(arg.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, (self->dir_->path() / "log").c_str(),
                                   O_WRONLY | O_CREAT, 0600);
  const int failed =
      ::posix_spawn(&self->pid_, binary.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return ErrnoError("start", binary, failed);

  const auto give_up = std::chrono::steady_clock::now() + kStartPatience;
  while (!self->ReadAddresses()) {
    if (::waitpid(self->pid_, nullptr, WNOHANG) != 0 ||
        std::chrono::steady_clock::now() > give_up) {
      return Error{Code::kUnavailable, binary + " does not serve: " + ReadFile(self->dir_->path() / "log")};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return self;
}

bool CollectorProcess::ReadAddresses() {
  const std::string log = ReadFile(dir_->path() / "log");
  if (log.find('\n') == std::string::npos) return false;
  otlp_ = FieldOf(log, "otlp");
  query_ = FieldOf(log, "query");
  return !otlp_.empty() && !query_.empty();
}

void CollectorProcess::Kill() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

CollectorProcess::~CollectorProcess() {
  if (pid_ != 0) Kill();
}

double CollectorProcess::CpuSeconds() const {
  // Fields 14 and 15 of stat, counted behind the name, which may hold anything. Source: proc(5).
  const std::string stat = ReadFile("/proc/" + std::to_string(pid_) + "/stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double CollectorProcess::PeakRssMb() const {
  std::istringstream status(ReadFile("/proc/" + std::to_string(pid_) + "/status"));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

Status CollectorProcess::ResetPeakRss() const {
  // 5 resets the high-water mark alone. Source: proc(5), clear_refs.
  const std::string path = "/proc/" + std::to_string(pid_) + "/clear_refs";
  return (std::ofstream(path) << "5").flush() ? Status{} : ErrnoError("write", path, errno);
}

Status CollectorProcess::Stop() {
  ::kill(pid_, SIGTERM);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = 0;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return Error{Code::kInternal, "clew-collector did not end well: " + ReadFile(dir_->path() / "log")};
}

std::uint64_t CollectorProcess::DataBytes() const {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data_dir_)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

}  // namespace clew::bench
