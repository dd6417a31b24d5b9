// Runs a program as a shell does, or on a terminal of its own.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace clew::e2e {

struct Outcome {
  int exit_code = -1;  // -1: killed by a signal
  std::string out;
  std::string err;  // of a terminal: empty, all is in `out`
};

using Variables = std::map<std::string, std::string>;

// Nothing of this process's environment but PATH; HOME does not exist. `out_path`: standard output
// goes to this file instead.
Outcome RunInPipes(const std::vector<std::string>& command, const Variables& variables,
                   const std::string& out_path = "");

// Standard input, output and error are a terminal of that size.
Outcome RunOnTerminal(const std::vector<std::string>& command, const Variables& variables,
                      int columns, int rows);

}  // namespace clew::e2e
