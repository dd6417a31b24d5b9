#include "agent/process/node_package.h"

#include <nlohmann/json.hpp>

#include "agent/process/command_line.h"
#include "agent/process/read_file.h"

namespace clew::process {
namespace {

constexpr std::size_t kMaxPackageJson = 256 * 1024;
constexpr int kMaxFoldersUp = 3;

}  // namespace

std::string PackageNameOfJson(std::string_view json) {
  using Json = nlohmann::json;
  // Only the top level is kept while parsing, however deep a hostile file nests.
  const auto top_level_only = [](int depth, Json::parse_event_t, Json&) { return depth <= 1; };
  const Json document = Json::parse(json, top_level_only, /*allow_exceptions=*/false);
  if (!document.is_object()) return {};
  const auto entry = document.find("name");
  if (entry == document.end() || !entry->is_string()) return {};
  const std::string name = entry->get<std::string>();
  return name.substr(name.rfind('/') + 1);  // npos + 1 is 0: no scope
}

std::string NodePackageName(const ProcessInfo& info, const std::string& root_directory) {
  const Program program = ProgramOf(info);
  if (program.runtime != Runtime::kNode || program.form != Program::Form::kScript) return {};
  std::string folder = ResolvePath(info.working_directory, program.name);
  for (int up = 0; up <= kMaxFoldersUp; ++up) {
    const auto slash = folder.rfind('/');
    if (slash == folder.npos) return {};
    folder.resize(slash);
    if (const auto json =
            ReadFileInRoot(root_directory, folder + "/package.json", kMaxPackageJson)) {
      return PackageNameOfJson(*json);
    }
  }
  return {};
}

}  // namespace clew::process
