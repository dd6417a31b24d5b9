// The configuration file, by yaml-cpp, whose exceptions end here.
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "agent/config_options.h"

namespace clew::agent {
namespace {

class Reader {
 public:
  Reader(const std::string& file_name, const std::vector<Option>& options,
         std::vector<std::string>& errors)
      : file_name_(file_name), options_(options), errors_(errors) {}

  Layer Read(const YAML::Node& root) {
    if (root.IsNull()) return {};  // an empty file
    if (!root.IsMap()) {
      Complain(root, "expected settings of the form 'section: {name: value}'");
      return {};
    }
    for (const auto& entry : root) ReadEntry("", entry.first, entry.second);
    return std::move(layer_);
  }

 private:
  void ReadEntry(const std::string& prefix, const YAML::Node& name, const YAML::Node& value) {
    if (!name.IsScalar()) return Complain(name, "expected a name");
    const std::string key = prefix + name.Scalar();
    const auto option = std::find_if(options_.begin(), options_.end(),
                                     [&key](const Option& o) { return o.key == key; });
    if (option != options_.end()) return ReadValue(*option, value);
    const bool is_section = std::any_of(options_.begin(), options_.end(), [&key](const Option& o) {
      return o.key.compare(0, key.size() + 1, key + ".") == 0;
    });
    if (!is_section)
      return Complain(name, "unknown setting '" + key + "'; clew-agent --print-config lists all");
    if (value.IsNull()) return;
    if (!value.IsMap()) return Complain(value, "expected settings below '" + key + "'");
    for (const auto& entry : value) ReadEntry(key + ".", entry.first, entry.second);
  }

  void ReadValue(const Option& option, const YAML::Node& value) {
    std::vector<std::string>& values = layer_[option.key];
    values.clear();
    if (value.IsScalar()) {
      values.push_back(value.Scalar());
      return;
    }
    if (!option.IsList() || !value.IsSequence()) {
      layer_.erase(option.key);
      return Complain(value, "expected " + std::string(option.IsList() ? "a list" : "one value") +
                                 " for '" + option.key + "'");
    }
    for (const YAML::Node& element : value) {
      if (element.IsScalar()) {
        values.push_back(element.Scalar());
      } else {
        Complain(element, "expected plain values in '" + option.key + "'");
      }
    }
  }

  void Complain(const YAML::Node& where, const std::string& what) {
    errors_.push_back(file_name_ + ":" + std::to_string(where.Mark().line + 1) + ": " + what);
  }

  const std::string& file_name_;
  const std::vector<Option>& options_;
  std::vector<std::string>& errors_;
  Layer layer_;
};

}  // namespace

Layer ReadYamlLayer(const std::string& text, const std::string& file_name,
                    const std::vector<Option>& options, std::vector<std::string>& errors) {
  try {
    return Reader(file_name, options, errors).Read(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    errors.push_back(file_name + ":" + std::to_string(error.mark.line + 1) +
                     ": not YAML: " + error.msg);
    return {};
  }
}

std::string ToYaml(const AgentConfig& config) {
  AgentConfig copy = config;
  YAML::Emitter out;
  out << YAML::BeginMap;
  std::string section;
  for (const Option& option : OptionsOf(copy)) {
    const auto dot = option.key.find('.');
    const std::string own = dot == std::string::npos ? "" : option.key.substr(0, dot);
    if (own != section) {
      if (!section.empty()) out << YAML::EndMap;
      if (!own.empty()) out << YAML::Key << own << YAML::Value << YAML::BeginMap;
      section = own;
    }
    out << YAML::Key << option.key.substr(dot == std::string::npos ? 0 : dot + 1) << YAML::Value;
    const std::vector<std::string> values = option.Get();
    if (option.IsList()) {
      out << YAML::Flow << values;
    } else if (values[0].empty()) {
      out << YAML::DoubleQuoted << values[0];
    } else {
      out << values[0];
    }
  }
  if (!section.empty()) out << YAML::EndMap;
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace clew::agent
