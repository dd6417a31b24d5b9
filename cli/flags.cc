#include "cli/flags.h"

#include <CLI/CLI.hpp>
#include <sstream>

#include "cli/exit_code.h"

namespace clew::cli {
namespace {

constexpr char kAbout[] = "Shows the traces that a Clew collector has stored.";
constexpr char kFooter[] =
    "Exit status: 0 ok, 1 error, 2 wrong usage, 3 not found, 4 server not reachable, 5 only part "
    "of the answer came.\n"
    "Environment: TRACECTL_SERVER, TRACECTL_TIMEOUT, TRACECTL_COLOR, TRACECTL_OUTPUT, "
    "TRACECTL_PAGER,\n"
    "TRACECTL_CONFIG, NO_COLOR. More: man tracectl";

void AddPreferences(CLI::App& app, Flags& flags) {
  Preferences& p = flags.preferences;
  app.add_option("--server", p.server, "The collector's query address (default 127.0.0.1:7317)")
      ->type_name("HOST:PORT");
  app.add_option("--timeout", p.timeout, "Wait at most this long for an answer (default 10s)")
      ->type_name("DURATION");
  app.add_option("-o,--output", p.output, "table, wide, json, jsonl, otlp or name (default table)")
      ->type_name("FORMAT");
  app.add_option("--color", p.color, "auto, always or never (default auto)")->type_name("WHEN");
  app.add_option("--config", flags.config,
                 "Configuration file (default ~/.config/tracectl/config.yaml)")
      ->type_name("FILE");
  app.add_flag("--ascii", flags.ascii, "Draw with ASCII characters only");
  app.add_flag("--no-pager", flags.no_pager, "Write long output straight to the terminal");
  app.add_flag("-q,--quiet", flags.quiet, "Say nothing on stderr but errors");
}

void AddTrace(CLI::App& app, Flags& flags) {
  auto* trace = app.add_subcommand("trace", "Draw one trace over time");
  trace->add_option("ID", flags.trace_id, "The trace id in hex, or its first 8 digits or more")
      ->required();
  trace->add_flag("--all-spans", flags.all_spans, "A line for each span, not for each call");
}

void AddTimes(CLI::App& app, Flags& flags, const char* since, const char* from, const char* to) {
  app.add_option("--since", flags.since, since)->type_name("DURATION");
  app.add_option("--from", flags.from, from)->type_name("TIME");
  app.add_option("--to", flags.to, to)->type_name("TIME");
}

void AddExplain(CLI::App& app, Flags& flags) {
  auto* explain =
      app.add_subcommand("explain", "Say what linked a span to its parent, or why there is none");
  explain
      ->add_option("SPAN", flags.span,
                   "TRACE_ID:SPAN_ID, or the span id alone to look for it in the newest traces")
      ->required();
  AddTimes(*explain, flags, "Look in traces begun within this time (default 1h)",
           "Look in traces begun at this time or later", "... or earlier");
}

void AddTraces(CLI::App& app, Flags& flags) {
  auto* traces = app.add_subcommand("traces", "List the traces that match a query, newest first");
  traces
      ->add_option("QUERY", flags.query,
                   "Conditions that a span fulfils: 'service=checkout http.status_code>=500 "
                   "duration>200ms'")
      ->expected(0, -1);
  traces->add_option("--service", flags.service, "Traces with a span of this service")
      ->type_name("NAME");
  traces
      ->add_option("--operation", flags.operation, "... with a span of this name (of that service)")
      ->type_name("NAME");
  AddTimes(*traces, flags, "Begun within this time: 15m, 2d",
           "Begun at this time or later: now-1h, RFC 3339, epoch", "Begun at this time or earlier");
  traces->add_option("--min-duration", flags.min_duration, "At least this long: 250ms")
      ->type_name("DURATION");
  traces->add_option("--max-duration", flags.max_duration, "At most this long")
      ->type_name("DURATION");
  traces->add_flag("--errors", flags.errors, "Only traces with a failed span");
  traces->add_option("--order", flags.order, "newest or slowest first (default newest)")
      ->type_name("ORDER")
      ->check(CLI::IsMember({"newest", "slowest"}));
  auto* limit = traces->add_option("--limit", flags.limit, "At most this many (default 20)")
                    ->type_name("N")
                    ->check(CLI::Range(1u, 10'000u));
  traces->add_option("--page", flags.page, "Go on where a page ended that said so")
      ->type_name("CURSOR");
  traces->add_flag("--all", flags.all, "All pages")->excludes(limit);
}

void AddLists(CLI::App& app, Flags& flags) {
  app.add_subcommand("services", "List the services that sent spans");
  auto* operations = app.add_subcommand("operations", "List the operations of a service");
  operations->add_option("SERVICE", flags.service, "The service's name")->required();
  app.add_subcommand("keys", "List the attributes that queries can ask for");
  auto* dependencies = app.add_subcommand("dependencies", "List which service calls which");
  AddTimes(*dependencies, flags, "Calls begun within this time (default 24h)",
           "Calls begun at this time or later", "Calls begun at this time or earlier");
}

}  // namespace

std::variant<Flags, Stop> ParseFlags(int argc, const char* const* argv) {
  Flags flags;
  CLI::App app{kAbout, "tracectl"};
  app.footer(kFooter);
  app.require_subcommand(
      0, 1);  // none: checked below, so that a misspelt one is named instead of "required"
  app.set_version_flag("--version", "tracectl " CLEW_VERSION);
  AddPreferences(app, flags);
  AddTrace(app, flags);
  AddExplain(app, flags);
  AddTraces(app, flags);
  AddLists(app, flags);
  app.add_subcommand("status", "Say how the collector is doing");
  app.add_subcommand("version", "Print the version of this program");
  for (CLI::App* command : app.get_subcommands({}))
    command->fallthrough();  // `tracectl traces -o json` as well
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out, err;
    const bool wanted =
        app.exit(error, out, err) == 0;  // --help and --version come as exceptions too
    return Stop{wanted ? kOk : kUsage, wanted ? out.str() : "tracectl: " + err.str()};
  }
  if (app.get_subcommands().empty()) return Stop{kUsage, app.help()};
  constexpr struct {
    const char* name;
    Command command;
  } kCommands[] = {{"trace", Command::kTrace},       {"explain", Command::kExplain},
                   {"traces", Command::kTraces},
                   {"services", Command::kServices}, {"operations", Command::kOperations},
                   {"keys", Command::kKeys},         {"dependencies", Command::kDependencies},
                   {"status", Command::kStatus},     {"version", Command::kVersion}};
  for (const auto& entry : kCommands) {
    if (app.got_subcommand(entry.name)) flags.command = entry.command;
  }
  return flags;
}

}  // namespace clew::cli
