#include "agent/process/python_modules.h"

#include <array>
#include <charconv>
#include <filesystem>
#include <system_error>

namespace clew::process {
namespace {

constexpr std::uint32_t kMaxMinor = 99;

// "python3.11" -> 11; "python3" and "python" do not say.
std::optional<std::uint32_t> MinorOf(std::string_view name) {
  constexpr std::string_view kPrefix = "python3.";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  std::uint32_t minor = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), minor);
  if (error != std::errc() || end != name.data() + name.size() || minor > kMaxMinor)
    return std::nullopt;
  return minor;
}

bool IsFile(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error);
}

}  // namespace

std::optional<PythonModules> FindPythonModules(std::string_view executable, const std::string& root,
                                               const std::vector<std::string_view>& modules) {
  const std::filesystem::path path(executable);
  const auto minor = MinorOf(path.filename().string());
  if (!path.is_absolute() || !minor) return std::nullopt;
  PythonModules found{.minor = *minor, .paths = {}};
  const std::string version = std::to_string(*minor);
  const std::string prefix = root + path.parent_path().parent_path().string();
  // Fedora and its relatives have lib64.
  constexpr std::array<std::string_view, 2> kLibraries = {"lib", "lib64"};
  for (const std::string_view module : modules) {
    for (const std::string_view library : kLibraries) {
      std::string file = prefix;
      if (!file.ends_with('/')) file += '/';
      file += std::string(library) + "/python3." + version + "/lib-dynload/" + std::string(module) +
              ".cpython-3" + version + "-x86_64-linux-gnu.so";
      if (!IsFile(file)) continue;
      found.paths.push_back(std::move(file));
      break;
    }
  }
  return found;
}

}  // namespace clew::process
