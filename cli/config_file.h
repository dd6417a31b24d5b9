// ~/.config/tracectl/config.yaml: the preferences of one user.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/flags.h"

namespace clew::cli {

// A YAML map with any of server, timeout, color, output, pager, each a scalar. At most 64 KiB.
// kNotFound when there is no such file; kInvalid names file and key of what is wrong, also of a key
// that is unknown: a misspelt one would silently do nothing.
Result<Preferences> ReadConfigFile(const std::string& path);

}  // namespace clew::cli
