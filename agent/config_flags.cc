// The command line, by CLI11: the one file that pays for including it.
#include <CLI/CLI.hpp>

#include "agent/config_options.h"

namespace clew::agent {

CommandLine ReadCommandLine(int argc, const char* const* argv, const std::vector<Option>& options,
                            std::vector<std::string>& errors) {
  CommandLine out;
  CLI::App app(
      "Traces the requests of unmodified services and sends OpenTelemetry spans to a collector.",
      "clew-agent");
  // Values stay text here: they are checked together with those of the other layers, so that all
  // errors are told at once.
  std::map<std::string, std::vector<std::string>> values;
  std::map<std::string, CLI::Option*> given;
  bool version = false;
  app.add_option("--config", out.config_file, "YAML file with settings");
  for (const Option& option : options) {
    if (option.flag.empty()) continue;
    CLI::Option* added = app.add_option(option.flag, values[option.key], option.help);
    added->expected(1)->type_name("")->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    given[option.key] = added;
  }
  app.add_flag("--print-config", out.print_config, "print the effective settings as YAML and exit");
  app.add_flag("--version", version, "print the version and exit");
  app.allow_extras();
  app.set_help_flag("--help", "print this help and exit");
  app.footer(
      "Every setting: clew-agent --print-config. Environment: CLEW_AGENT_ and the flag's name, "
      "lists with commas.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    out.print = app.help();
    return out;
  } catch (const CLI::ParseError& error) {
    errors.push_back(std::string("command line: ") + error.what());
    return out;
  }
  if (version) out.print = "clew-agent " CLEW_VERSION "\n";
  for (const std::string& extra : app.remaining()) {
    errors.push_back("command line: unknown argument '" + extra + "'; see clew-agent --help");
  }
  for (const auto& [key, added] : given) {
    if (added->count() > 0) out.values[key] = values[key];
  }
  return out;
}

}  // namespace clew::agent
