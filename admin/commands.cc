#include "admin/commands.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "admin/output.h"
#include "admin/progress.h"
#include "admin/remote/remote_store.h"
#include "cli/exit_code.h"
#include "cli/render/text.h"
#include "store/admin/backup.h"
#include "store/admin/restore.h"

namespace clew::admin {
namespace {

class Runner {
 public:
  explicit Runner(const Context& context)
      : context_(context), flags_(context.flags), progress_(!context.flags.quiet) {}

  int Run() {
    switch (flags_.command) {
      case Command::kCheck:
        return WithStore([this](store::Administration& store) {
          return Check([&](const store::EachDamage& each) { return store.Check(each, Watch()); });
        });
      case Command::kVerify:
        return Check([this](const store::EachDamage& each) {
          return store::VerifyBackup(flags_.backup, each, Watch());
        });
      case Command::kStats:
        return WithStore([this](store::Administration& store) {
          return Print(store.Details(), DetailsText, DetailsJson);
        });
      case Command::kBackup:
        return WithStore([this](store::Administration& store) {
          return Print(store.Backup(Absolute(flags_.backup), Watch()), BackupText, BackupJson);
        });
      case Command::kRestore:
        return Restore();
      case Command::kCompact:
        return WithStore([this](store::Administration& store) {
          return Print(store.Compact(Watch()), CompactText, CompactJson);
        });
      case Command::kRetention:
        return WithStore([this](store::Administration& store) { return Retain(store); });
      case Command::kVersion:
        context_.out("clew-store " CLEW_VERSION "\n");
        return cli::kOk;
    }
    return cli::kFailed;
  }

 private:
  // Without a trailing slash, which would make the folder of its name another one.
  static std::string Absolute(const std::string& path) {
    std::error_code error;  // an empty name, or a current directory that is gone
    std::filesystem::path absolute = std::filesystem::absolute(path, error).lexically_normal();
    if (error) return path;
    if (!absolute.has_filename()) absolute = absolute.parent_path();
    return absolute;
  }

  store::Watch Watch() {
    return {[this](const store::Progress& progress) { progress_.Draw(progress); },
            [this] { return context_.interrupted.load(); }};
  }

  int Fail(const Error& error) {
    progress_.Clear();
    if (context_.interrupted) {
      context_.err("clew-store: interrupted\n");
      return kInterrupted;
    }
    context_.err("clew-store: " + cli::Sanitize(error.message) + "\n");
    return cli::ExitCodeOf(error.code);
  }

  // Asks the collector that has the directory open, else the directory itself.
  int WithStore(const std::function<int(store::Administration&)>& run) {
    auto remote = ConnectToCollector(flags_.data_dir);
    if (!remote) return Fail(remote.error());
    if (*remote) return run(**remote);
    return run(*store::AdministrationOfStopped(flags_.data_dir));
  }

  template <typename Report, typename Text, typename Json>
  int Print(const Result<Report>& report, Text text, Json json) {
    if (!report) return Fail(report.error());
    progress_.Clear();
    context_.out(flags_.json ? json(*report) : text(*report));
    return cli::kOk;
  }

  // Prints damages as they are found.
  int Check(const std::function<Result<store::CheckReport>(const store::EachDamage&)>& check) {
    CheckJson json;
    std::vector<std::string> remedies;  // each once, in the order in which they were given first
    if (flags_.json) context_.out(json.Begin());
    const auto report = check([&](const store::Damage& damage) {
      progress_.Clear();
      context_.out(flags_.json ? json.Add(damage) : DamageLine(damage));
      constexpr std::size_t kMostRemedies = 50;
      if (std::find(remedies.begin(), remedies.end(), damage.remedy) == remedies.end() &&
          remedies.size() < kMostRemedies) {
        remedies.push_back(damage.remedy);
      }
    });
    if (!report) {
      if (flags_.json) context_.out(json.End({}));
      return Fail(report.error());
    }
    progress_.Clear();
    context_.out(flags_.json ? json.End(*report) : CheckText(*report, remedies));
    return report->damages == 0 ? cli::kOk : cli::kFailed;
  }

  int Restore() {
    const std::string directory = Absolute(flags_.data_dir);
    const auto served = ConnectToCollector(directory);
    if (!served) return Fail(served.error());
    if (*served) {
      return Fail({Code::kUnavailable, "a collector has " + directory +
                                           " open. Stop it before restoring (systemctl stop "
                                           "clew-collector)"});
    }
    const auto report =
        store::RestoreBackup(Absolute(flags_.backup), directory, flags_.replace, Watch());
    return Print(
        report, [&](const auto& done) { return RestoreText(done, directory); },
        [&](const auto& done) { return RestoreJson(done, directory); });
  }

  int Retain(store::Administration& store) {
    const auto report = store.Retain(flags_.policy, flags_.dry_run, Watch());
    return Print(
        report, [&](const auto& done) { return RetentionText(done, flags_.dry_run); },
        [&](const auto& done) { return RetentionJson(done, flags_.dry_run); });
  }

  const Context& context_;
  const Flags& flags_;
  ProgressLine progress_;
};

}  // namespace

int Run(const Context& context) { return Runner(context).Run(); }

}  // namespace clew::admin
