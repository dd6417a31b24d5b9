// The extension modules of a CPython installation, found from its executable: before the process loads
// them, so that nothing of what they do is missed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clew::process {

struct PythonModules {
  std::uint32_t minor = 0;         // of version 3.minor
  std::vector<std::string> paths;  // of those of the wanted modules that are files of their own
};

// `executable`: as /proc/PID/exe names it, such as /usr/bin/python3.11. `root`: the folder in front of
// it, as this process sees it ("/proc/PID/root", or "" for its own). `modules`: names as `_asyncio`.
// nullopt: not an interpreter that lies where its library is looked for. Builds for glibc on x86-64
// only, with one interpreter lock: others lay their memory out differently.
std::optional<PythonModules> FindPythonModules(std::string_view executable, const std::string& root,
                                               const std::vector<std::string_view>& modules);

}  // namespace clew::process
