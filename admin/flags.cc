#include "admin/flags.h"

#include <CLI/CLI.hpp>
#include <sstream>

#include "cli/exit_code.h"

namespace clew::admin {
namespace {

constexpr char kAbout[] =
    "Keeps the span store of a Clew collector: checks it, backs it up, restores it.\n"
    "While a collector has the data directory open, it does the work; otherwise this program does.";
constexpr char kFooter[] =
    "Exit status: 0 ok, 1 error or damage found, 2 wrong usage, 3 no such store or backup, 4 "
    "refused "
    "or in use, 130 interrupted.\n"
    "More: man clew-store";
constexpr std::uint64_t kMaxHours = 1'000'000;
constexpr std::uint64_t kMaxMib = 1 << 20;
constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kMaxMilliseconds = 1'000'000'000;

// As the collector's settings of these names.
struct PolicyFlags {
  std::optional<std::uint64_t> hours, mib, shed_mib, all_hours, sample_hours, percent, slow_ms;

  void Add(CLI::App& app) {
    const auto add = [&app](const char* flag, std::optional<std::uint64_t>& value,
                            std::uint64_t most, const char* help) {
      return app.add_option(flag, value, help)
          ->type_name("N")
          ->check(CLI::Range(std::uint64_t{0}, most));
    };
    add("--retention-hours", hours, kMaxHours, "Drop spans this long after they came");
    add("--retention-mib", mib, kMaxMib, "Drop the oldest spans beyond so many MiB");
    add("--shed-free-disk-mib", shed_mib, kMaxMib,
        "Drop the oldest spans when the disk has less, MiB");
    CLI::Option* const all =
        add("--keep-all-hours", all_hours, kMaxHours, "Keep all traces so long, then by tiers");
    CLI::Option* const sample = add("--keep-sample-hours", sample_hours, kMaxHours,
                                    "Then errors, slow traces and a sample until this age");
    sample->needs(all);
    add("--keep-sample-percent", percent, 100, "How many of the others are in the sample, per cent")
        ->needs(sample);
    add("--keep-slow-ms", slow_ms, kMaxMilliseconds, "Traces that took so long are slow")
        ->needs(sample);
  }
  // What does not go together; empty: nothing.
  std::string Contradiction() const {
    if (!sample_hours || *sample_hours == 0) return "";
    if (*all_hours == 0) return "--keep-sample-hours begins after --keep-all-hours, which is 0";
    if (*sample_hours <= *all_hours) return "--keep-sample-hours is not more than --keep-all-hours";
    if (percent.value_or(0) > 0 || slow_ms.value_or(0) > 0) return "";
    return "--keep-sample-hours without --keep-sample-percent or --keep-slow-ms keeps errors only";
  }
  std::optional<store::RetentionPolicy> policy() const {
    if (!hours && !mib && !shed_mib && !all_hours) return std::nullopt;
    return store::RetentionPolicy{.max_age = std::chrono::hours(hours.value_or(0)),
                                  .max_bytes = mib.value_or(0) * kMiB,
                                  .min_free_bytes = shed_mib.value_or(0) * kMiB,
                                  .keep_all = std::chrono::hours(all_hours.value_or(0)),
                                  .keep_sample = std::chrono::hours(sample_hours.value_or(0)),
                                  .sample_percent = static_cast<std::uint32_t>(percent.value_or(0)),
                                  .slow = std::chrono::milliseconds(slow_ms.value_or(0))};
  }
};

CLI::App* AddBackupCommand(CLI::App& app, Flags& flags, const char* name, const char* about) {
  CLI::App* const command = app.add_subcommand(name, about);
  command->add_option("BACKUP", flags.backup, "The backup's directory")->required();
  return command;
}

}  // namespace

std::variant<Flags, Stop> ParseFlags(int argc, const char* const* argv) {
  Flags flags;
  PolicyFlags policy;
  std::string output = "table";
  CLI::App app{kAbout, "clew-store"};
  app.footer(kFooter);
  app.require_subcommand(0, 1);  // none: checked below, so that a misspelt one is named
  app.set_version_flag("--version", "clew-store " CLEW_VERSION);
  app.add_option("--data-dir", flags.data_dir,
                 "The collector's data directory (default /var/lib/clew)")
      ->type_name("DIR");
  app.add_option("-o,--output", output, "table or json (default table)")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json"}));
  bool json = false;
  app.add_flag("--json", json, "As -o json");
  app.add_flag("-q,--quiet", flags.quiet, "Show no progress");

  app.add_subcommand("check", "Read everything and name what is damaged");
  app.add_subcommand("stats", "Say what the store holds");
  AddBackupCommand(app, flags, "backup", "Make a verified copy of the store");
  AddBackupCommand(app, flags, "verify", "Compare a backup with what was written");
  CLI::App* const restore = AddBackupCommand(
      app, flags, "restore", "Make the data directory of a backup; the collector must be stopped");
  restore->add_flag("--replace", flags.replace,
                    "Keep what is in the data directory beside it, under a dated name");
  app.add_subcommand("compact", "Rewrite the tables without what was deleted");
  CLI::App* const retention = app.add_subcommand(
      "retention", "Drop what is not to be kept; without a policy here, by the collector's");
  retention->add_flag("--dry-run", flags.dry_run, "Only say what would go");
  policy.Add(*retention);
  app.add_subcommand("version", "Print the version of this program");
  for (CLI::App* command : app.get_subcommands({})) command->fallthrough();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out, err;
    const bool wanted = app.exit(error, out, err) == 0;  // --help and --version come as exceptions
    return Stop{wanted ? cli::kOk : cli::kUsage, wanted ? out.str() : "clew-store: " + err.str()};
  }
  if (app.get_subcommands().empty()) return Stop{cli::kUsage, app.help()};
  if (const std::string wrong = policy.Contradiction(); !wrong.empty()) {
    return Stop{cli::kUsage, "clew-store: " + wrong + "\n"};
  }
  constexpr struct {
    const char* name;
    Command command;
  } kCommands[] = {{"check", Command::kCheck},         {"stats", Command::kStats},
                   {"backup", Command::kBackup},       {"verify", Command::kVerify},
                   {"restore", Command::kRestore},     {"compact", Command::kCompact},
                   {"retention", Command::kRetention}, {"version", Command::kVersion}};
  for (const auto& entry : kCommands) {
    if (app.got_subcommand(entry.name)) flags.command = entry.command;
  }
  flags.json = json || output == "json";
  flags.policy = policy.policy();
  return flags;
}

}  // namespace clew::admin
