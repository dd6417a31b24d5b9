#include "tests/e2e/cli/run.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "base/fd.h"
#include "base/result.h"

namespace clew::e2e {
namespace {

[[noreturn]] void Exec(const std::vector<std::string>& command, const Variables& variables) {
  std::vector<std::string> environment = {"HOME=/nonexistent", "LC_ALL=C.UTF-8",
                                          std::string("PATH=") + std::getenv("PATH")};
  for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
  std::vector<char*> arguments, entries;
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  for (const std::string& entry : environment) entries.push_back(const_cast<char*>(entry.c_str()));
  arguments.push_back(nullptr);
  entries.push_back(nullptr);
  execve(arguments[0], arguments.data(), entries.data());
  _exit(126);
}

int WaitFor(pid_t pid) {
  int status = 0;
  CLEW_CHECK(waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    CLEW_CHECK(pipe2(ends.data(), O_CLOEXEC) == 0);
    read = Fd(ends[0]);
    write = Fd(ends[1]);
  }
  Fd read;
  Fd write;
};

// False at the end.
bool ReadSome(const Fd& fd, std::string& into) {
  std::array<char, 4096> buffer;
  const ssize_t count = read(fd.get(), buffer.data(), buffer.size());
  if (count <= 0) return false;  // a terminal whose other side is gone answers EIO
  into.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

}  // namespace

Outcome RunInPipes(const std::vector<std::string>& command, const Variables& variables,
                   const std::string& out_path) {
  Pipe out, err;
  const pid_t pid = fork();
  CLEW_CHECK(pid >= 0);
  if (pid == 0) {
    const int file =
        out_path.empty() ? out.write.get() : open(out_path.c_str(), O_WRONLY | O_CLOEXEC);
    dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
    dup2(file, STDOUT_FILENO);
    dup2(err.write.get(), STDERR_FILENO);
    Exec(command, variables);
  }
  out.write.Reset();
  err.write.Reset();
  Outcome outcome;
  // Both at once: a program that fills one pipe would wait for a reader of the other.
  bool out_open = true, err_open = true;
  while (out_open || err_open) {
    std::array<pollfd, 2> fds = {pollfd{out_open ? out.read.get() : -1, POLLIN, 0},
                                 pollfd{err_open ? err.read.get() : -1, POLLIN, 0}};
    CLEW_CHECK(poll(fds.data(), fds.size(), -1) > 0);
    if (fds[0].revents != 0) out_open = ReadSome(out.read, outcome.out);
    if (fds[1].revents != 0) err_open = ReadSome(err.read, outcome.err);
  }
  outcome.exit_code = WaitFor(pid);
  return outcome;
}

Outcome RunOnTerminal(const std::vector<std::string>& command, const Variables& variables,
                      int columns, int rows) {
  winsize size{};
  size.ws_col = static_cast<unsigned short>(columns);
  size.ws_row = static_cast<unsigned short>(rows);
  int terminal = -1;
  const pid_t pid = forkpty(&terminal, nullptr, nullptr, &size);
  CLEW_CHECK(pid >= 0);
  if (pid == 0) Exec(command, variables);
  const Fd master(terminal);
  Outcome outcome;
  while (ReadSome(master, outcome.out)) {
  }
  outcome.exit_code = WaitFor(pid);
  return outcome;
}

}  // namespace clew::e2e
