#include "agent/process/proc_fs.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string_view>

#include "agent/process/container_id.h"
#include "agent/process/go_binary.h"
#include "agent/process/node_package.h"
#include "agent/process/read_file.h"

namespace clew::process {
namespace {

constexpr std::size_t kMaxSmallFile = 16 * 1024;
constexpr std::size_t kMaxEnvironment = 256 * 1024;
constexpr std::size_t kMaxMounts = 1024 * 1024;
constexpr std::size_t kMaxEnvironmentValue = 4096;

template <typename T>
bool ParseNumber(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// Calls `visit` for every piece of `text` between `separator`s until it returns false.
template <typename Visit>
void Split(std::string_view text, char separator, Visit visit) {
  while (!text.empty()) {
    const auto end = text.find(separator);
    if (!visit(text.substr(0, end)) || end == text.npos) return;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string> ParseArguments(std::string_view cmdline) {
  std::vector<std::string> arguments;
  Split(cmdline, '\0', [&](std::string_view argument) {
    arguments.emplace_back(argument);
    return arguments.size() < kMaxArguments;
  });
  return arguments;
}

void ParseEnvironment(std::string_view environment, ProcessInfo& info) {
  Split(environment, '\0', [&info](std::string_view entry) {
    const auto equals = entry.find('=');
    if (equals == entry.npos) return true;
    const std::string_view name = entry.substr(0, equals);
    const std::string_view value = entry.substr(equals + 1, kMaxEnvironmentValue);
    if (name == "OTEL_SERVICE_NAME") info.otel_service_name = value;
    if (name == "OTEL_RESOURCE_ATTRIBUTES") info.otel_resource_attributes = value;
    return true;
  });
}

}  // namespace

std::optional<ProcStat> ParseStat(std::string_view stat) {
  constexpr int kParentField = 4;
  constexpr int kStartField = 22;
  const auto open = stat.find('(');
  const auto close = stat.rfind(')');
  if (open == stat.npos || close == stat.npos || close < open || close + 2 > stat.size())
    return std::nullopt;
  ProcStat out;
  out.comm = stat.substr(open + 1, close - open - 1);
  int field = 3;  // the first one behind the command
  bool parent_ok = false;
  bool start_ok = false;
  Split(stat.substr(close + 2), ' ', [&](std::string_view text) {
    if (field == kParentField) parent_ok = ParseNumber(text, out.parent);
    if (field == kStartField) start_ok = ParseNumber(text, out.start_ticks);
    return field++ < kStartField;
  });
  if (!parent_ok || !start_ok) return std::nullopt;
  return out;
}

std::string ParseCgroup2(std::string_view cgroup_file) {
  std::string path;
  Split(cgroup_file, '\n', [&path](std::string_view line) {
    if (line.substr(0, 3) != "0::") return true;
    path = line.substr(3);
    return false;
  });
  return path;
}

std::string ProcFs::PathOf(std::uint32_t tgid, const char* file) const {
  return root_ + "/" + std::to_string(tgid) + "/" + file;
}

Result<std::vector<std::uint32_t>> ProcFs::Processes() const {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(root_.c_str()), closedir);
  if (!directory) return ErrnoError("open", root_, errno);
  std::vector<std::uint32_t> found;
  while (const dirent* entry = readdir(directory.get())) {
    std::uint32_t tgid = 0;
    if (ParseNumber(std::string_view(entry->d_name), tgid)) found.push_back(tgid);
  }
  std::sort(found.begin(), found.end());
  return found;
}

Result<ProcessInfo> ProcFs::ReadIdentity(std::uint32_t tgid) const {
  const auto stat_file = ReadFile(PathOf(tgid, "stat"), kMaxSmallFile);
  if (!stat_file) return stat_file.error();
  auto stat = ParseStat(*stat_file);
  if (!stat)
    return Error{Code::kCorrupt, "parse " + PathOf(tgid, "stat") + ": not of the documented form"};
  ProcessInfo info;
  info.tgid = tgid;
  info.parent_tgid = stat->parent;
  info.start_ticks = stat->start_ticks;
  info.comm = std::move(stat->comm);
  info.exe = Executable(tgid);
  info.working_directory = ReadLink(PathOf(tgid, "cwd")).value_or("");
  if (const auto file = ReadFile(PathOf(tgid, "cmdline"), kMaxArgumentBytes))
    info.arguments = ParseArguments(*file);
  if (const auto file = ReadFile(PathOf(tgid, "cgroup"), kMaxSmallFile))
    info.cgroup = ParseCgroup2(*file);
  info.container_id = ContainerIdOfCgroup(info.cgroup);
  return info;
}

void ProcFs::ReadDetails(ProcessInfo& info) const {
  if (const auto file = ReadFile(PathOf(info.tgid, "environ"), kMaxEnvironment))
    ParseEnvironment(*file, info);
  info.go_binary = IsGoBinary(PathOf(info.tgid, "exe").c_str());
  info.node_package = NodePackageName(info, PathOf(info.tgid, "root"));
}

std::string ProcFs::Executable(std::uint32_t tgid) const {
  constexpr std::string_view kDeleted = " (deleted)";  // replaced by an upgrade while it runs
  std::string exe = ReadLink(PathOf(tgid, "exe")).value_or("");
  if (exe.size() > kDeleted.size() &&
      exe.compare(exe.size() - kDeleted.size(), kDeleted.size(), kDeleted) == 0) {
    exe.resize(exe.size() - kDeleted.size());
  }
  return exe;
}

Result<std::uint64_t> ProcFs::StartTicks(std::uint32_t tgid) const {
  const auto file = ReadFile(PathOf(tgid, "stat"), kMaxSmallFile);
  if (!file) return file.error();
  const auto stat = ParseStat(*file);
  if (!stat)
    return Error{Code::kCorrupt, "parse " + PathOf(tgid, "stat") + ": not of the documented form"};
  return stat->start_ticks;
}

std::optional<std::string> ProcFs::Cgroup2Mount() const {
  const auto mounts = ReadFile(root_ + "/self/mounts", kMaxMounts);
  if (!mounts) return std::nullopt;
  std::optional<std::string> found;
  Split(*mounts, '\n', [&found](std::string_view line) {  // device mount-point type options ...
    const auto first = line.find(' ');
    const auto second = first == line.npos ? first : line.find(' ', first + 1);
    if (second == line.npos || line.substr(second + 1, 8) != "cgroup2 ") return true;
    found = std::string(line.substr(first + 1, second - first - 1));
    return false;
  });
  return found;
}

}  // namespace clew::process
