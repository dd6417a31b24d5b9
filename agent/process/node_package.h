// The name that a Node.js application gives itself.
#pragma once

#include <string>
#include <string_view>

#include "agent/process/process_info.h"

namespace clew::process {

// "name" of the package.json beside the script that `info` runs, or of the nearest folder above it
// (at most three), read inside `root_directory` (/proc/PID/root: containers have their own files).
// Empty when it is not node, or there is none.
std::string NodePackageName(const ProcessInfo& info, const std::string& root_directory);

// "name" of the text of a package.json; a scope is cut: "@acme/orders" -> "orders". Empty when
// there is none.
std::string PackageNameOfJson(std::string_view json);

}  // namespace clew::process
