// Every setting once: its key in the file, its flag, its variable, its meaning, and the field it
// sets.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "agent/config.h"
#include "base/result.h"

namespace clew::agent {

struct OneOf {  // a word of a fixed set
  std::string* value;
  std::vector<std::string> words;
};
using Binding = std::variant<std::string*, std::vector<std::string>*, std::uint64_t*, double*,
                             std::chrono::milliseconds*, OneOf>;

struct Option {
  std::string key;   // "section.name" in the file
  std::string flag;  // "--name"; empty: file and environment only
  std::string help;
  Binding binding;

  // CLEW_AGENT_NAME of the flag, else CLEW_AGENT_SECTION_NAME.
  std::string Variable() const;
  bool IsList() const { return std::holds_alternative<std::vector<std::string>*>(binding); }
  // Sets the field. kInvalid: what was expected instead; the field is untouched then.
  Status Set(const std::vector<std::string>& values) const;
  // What Set would take to give the field its present value.
  std::vector<std::string> Get() const;
};

// Bound to `config`, in the order in which they are printed; options of a section are neighbours.
std::vector<Option> OptionsOf(AgentConfig& config);

// "500ms" or "2s", as ParseDuration reads it.
std::string FormatDuration(std::chrono::milliseconds duration);

// Values by key, as one layer gave them.
using Layer = std::map<std::string, std::vector<std::string>>;

// The layers' readers; each appends what it cannot read to `errors`.
Layer ReadYamlLayer(const std::string& text, const std::string& file_name,
                    const std::vector<Option>& options, std::vector<std::string>& errors);
struct CommandLine {
  Layer values;
  std::string config_file;
  bool print_config = false;
  std::string print;
};
CommandLine ReadCommandLine(int argc, const char* const* argv, const std::vector<Option>& options,
                            std::vector<std::string>& errors);

}  // namespace clew::agent
