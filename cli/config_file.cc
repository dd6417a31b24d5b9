#include "cli/config_file.h"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <fstream>
#include <iterator>

namespace clew::cli {
namespace {

constexpr std::size_t kMaxBytes = 64 << 10;

std::optional<std::string>* FieldOf(Preferences& preferences, const std::string& key) {
  if (key == "server") return &preferences.server;
  if (key == "timeout") return &preferences.timeout;
  if (key == "color") return &preferences.color;
  if (key == "output") return &preferences.output;
  if (key == "pager") return &preferences.pager;
  return nullptr;
}

Result<Preferences> FromYaml(const YAML::Node& root, const std::string& path) {
  Preferences preferences;
  if (root.IsNull()) return preferences;  // an empty file
  if (!root.IsMap())
    return Error{Code::kInvalid, path + ": expected lines of the form `server: HOST:PORT`"};
  for (const auto& entry : root) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    std::optional<std::string>* field = FieldOf(preferences, key);
    if (field == nullptr) {
      return Error{Code::kInvalid, path + ": unknown key '" + key +
                                       "'; known are server, timeout, color, output and pager"};
    }
    if (!entry.second.IsScalar())
      return Error{Code::kInvalid, path + ": " + key + " is not a plain value"};
    *field = entry.second.Scalar();
  }
  return preferences;
}

}  // namespace

Result<Preferences> ReadConfigFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return ErrnoError("open", path, errno == 0 ? EIO : errno);
  std::string text(kMaxBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad()) return ErrnoError("read", path, EIO);
  if (text.size() > kMaxBytes) return Error{Code::kInvalid, path + ": larger than 64 KiB"};
  try {
    return FromYaml(YAML::Load(text), path);
  } catch (const YAML::Exception& error) {
    return Error{Code::kInvalid, path + ": " + error.what()};
  }
}

}  // namespace clew::cli
