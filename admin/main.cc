// clew-store: keeps the span store of a collector.
#include <grp.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "admin/commands.h"
#include "base/log.h"
#include "cli/exit_code.h"

namespace clew::admin {
namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // set by a signal handler

// The first signal ends what is being done in good order, the second one at once.
void CatchSignals() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = true; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
}

// What root writes to a store, its owner could not write any more: the collector that runs as
// somebody else would not start. So root does as the owner would.
Status ActAsOwnerOf(const std::string& directory) {
  struct stat status {};
  if (::geteuid() != 0 || ::stat(directory.c_str(), &status) != 0 || status.st_uid == 0) return {};
  if (::setgroups(0, nullptr) != 0 ||
      ::setresgid(status.st_gid, status.st_gid, status.st_gid) != 0 ||
      ::setresuid(status.st_uid, status.st_uid, status.st_uid) != 0) {
    return ErrnoError("act as the owner of", directory, errno);
  }
  return {};
}

bool WritesToStore(Command command) {
  return command != Command::kVerify && command != Command::kRestore &&
         command != Command::kVersion;
}

int Main(int argc, char** argv) {
  const auto parsed = ParseFlags(argc, argv);
  if (const Stop* stop = std::get_if<Stop>(&parsed)) {
    std::fputs(stop->text.c_str(), stop->exit_code == cli::kOk ? stdout : stderr);
    return stop->exit_code;
  }
  const Flags& flags = std::get<Flags>(parsed);
  SetLogLevel(LogLevel::kError);          // what is wrong is said in the answer
  ::setenv("GRPC_VERBOSITY", "NONE", 0);  // its errors come back to us
  ::umask(027);
  if (WritesToStore(flags.command)) {
    if (const Status owner = ActAsOwnerOf(flags.data_dir); !owner) {
      std::fprintf(stderr, "clew-store: %s\n", owner.error().message.c_str());
      return cli::ExitCodeOf(owner.error().code);
    }
  }
  CatchSignals();
  const auto write_to = [](std::FILE* file) {
    return [file](std::string_view text) {
      std::fwrite(text.data(), 1, text.size(), file);
      std::fflush(file);
    };
  };
  const int status = Run({flags, interrupted, write_to(stdout), write_to(stderr)});
  if (std::ferror(stdout) != 0) {
    std::fputs("clew-store: standard output cannot be written\n", stderr);
    return cli::kFailed;
  }
  return status;
}

}  // namespace
}  // namespace clew::admin

int main(int argc, char** argv) { return clew::admin::Main(argc, argv); }
