#include "reader_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "base/fd.h"

extern char** environ;

namespace clew::bench {

Result<ReaderResult> RunReader(std::vector<std::string> args) {
  const auto begin = std::chrono::steady_clock::now();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return ErrnoError("make a pipe for", args[0], errno);
  const Fd out(ends[0]);
  pid_t pid = 0;
  {
    const Fd in(ends[1]);
    std::vector<char*> argv;
    for (std::string& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in.get(), STDOUT_FILENO);
    const int failed = ::posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return ErrnoError("start", args[0], failed);
  }
  ReaderResult result;
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const ssize_t got = ::read(out.get(), buffer.data(), buffer.size());
    if (got <= 0) break;
    result.bytes += static_cast<std::uint64_t>(got);
    result.lines +=
        static_cast<std::uint64_t>(std::count(buffer.begin(), buffer.begin() + got, '\n'));
  }
  int status = 0;
  rusage usage{};
  ::wait4(pid, &status, 0, &usage);
  if (!WIFEXITED(status)) return Error{Code::kInternal, args[0] + " was killed"};
  result.exit_status = WEXITSTATUS(status);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  result.peak_rss_mb = static_cast<double>(usage.ru_maxrss) / 1024;
  return result;
}

}  // namespace clew::bench
