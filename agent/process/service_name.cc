#include "agent/process/service_name.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "agent/process/command_line.h"
#include "base/hex.h"

namespace clew::process {
namespace {

constexpr std::size_t kMaxAttributes = 64;

// Names that half of all services share.
constexpr std::string_view kGenericNames[] = {
    "app", "application", "main", "__main__", "server", "service", "index",  "manage",
    "run", "wsgi",        "asgi", "start",    "api",    "web",     "program"};
// Folders that do not name a service either.
constexpr std::string_view kGenericFolders[] = {"",      "bin", "src", "app",  "lib", "dist",
                                                "build", "opt", "srv", "root", "tmp"};

// Application servers of Python: their own name is not the service's, their application argument
// is.
constexpr std::string_view kPythonServers[] = {"gunicorn", "uvicorn",        "hypercorn",
                                               "daphne",   "waitress-serve", "waitress"};

template <std::size_t N>
bool IsOneOf(const std::string_view (&list)[N], std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

bool IsIdentifier(std::string_view text, bool dots) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0]))) return false;
  return std::all_of(text.begin(), text.end(), [dots](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (dots && c == '.');
  });
}

// The nearest folder above `path` that says something; empty when there is none.
std::string_view NamingFolder(std::string_view path) {
  while (true) {
    const auto slash = path.rfind('/');
    if (slash == path.npos) return {};
    path = path.substr(0, slash);
    const std::string_view folder = BaseName(path);
    if (!IsOneOf(kGenericFolders, folder)) return folder;
    if (path.empty()) return {};
  }
}

std::string NameOfFile(const ProcessInfo& info, std::string_view file) {
  const std::string_view stem = Stem(BaseName(file));
  if (IsOneOf(kGenericNames, stem)) {
    const std::string full = ResolvePath(info.working_directory, file);
    if (const auto folder = NamingFolder(full); !folder.empty()) return std::string(folder);
  }
  return std::string(stem);
}

// "orders.wsgi" -> "orders"; a generic first segment gives way to the working directory.
std::string NameOfModule(const ProcessInfo& info, std::string_view module) {
  const std::string_view first = module.substr(0, module.find('.'));
  if (!IsOneOf(kGenericNames, first)) return std::string(first);
  const std::string inside = info.working_directory + "/x";
  const auto folder = NamingFolder(inside);
  return std::string(folder.empty() ? first : folder);
}

// "orders-1.2.3-SNAPSHOT.jar" -> "orders".
std::string NameOfJar(std::string_view path) {
  std::string_view stem = Stem(BaseName(path));
  for (std::size_t i = 1; i + 1 < stem.size(); ++i) {
    if (stem[i] == '-' && std::isdigit(static_cast<unsigned char>(stem[i + 1])))
      return std::string(stem.substr(0, i));
  }
  return std::string(stem);
}

// "com.acme.Orders", "acme.orders/com.acme.Orders" -> "Orders".
std::string NameOfClass(std::string_view name) {
  name = BaseName(name);
  return std::string(name.substr(name.rfind('.') + 1));
}

// The application of a Python application server: the first "module:callable" among its arguments,
// or its --name.
std::optional<std::string> NameOfPythonApplication(const ProcessInfo& info, std::size_t from) {
  const auto& arguments = info.arguments;
  for (std::size_t i = from; i + 1 < arguments.size(); ++i) {
    if (arguments[i] == "--name" || arguments[i] == "-n") return arguments[i + 1];
  }
  for (std::size_t i = from; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const auto colon = argument.find(':');
    if (colon == argument.npos || argument[0] == '-') continue;
    const std::string_view callable = argument.substr(colon + 1);
    if (IsIdentifier(argument.substr(0, colon), /*dots=*/true) &&
        IsIdentifier(callable.substr(0, callable.find('(')), /*dots=*/true)) {
      return NameOfModule(info, argument.substr(0, colon));
    }
  }
  return std::nullopt;
}

// "flask --app orders run": the application, also of its short form.
std::optional<std::string> NameOfFlaskApplication(const ProcessInfo& info, std::size_t from) {
  const auto& arguments = info.arguments;
  for (std::size_t i = from; i + 1 < arguments.size(); ++i) {
    if (arguments[i] != "--app" && arguments[i] != "-A") continue;
    const std::string_view application =
        std::string_view(arguments[i + 1]).substr(0, arguments[i + 1].find(':'));
    const bool is_file = application.find('/') != application.npos || application.ends_with(".py");
    return is_file ? NameOfFile(info, application) : NameOfModule(info, application);
  }
  return std::nullopt;
}

std::string NameOfPython(const ProcessInfo& info, const Program& program) {
  const std::string_view name =
      program.form == Program::Form::kModule ? program.name : Stem(BaseName(program.name));
  std::optional<std::string> application;
  if (IsOneOf(kPythonServers, name)) application = NameOfPythonApplication(info, program.rest);
  if (name == "flask") application = NameOfFlaskApplication(info, program.rest);
  if (application) return *application;
  return program.form == Program::Form::kModule ? NameOfModule(info, program.name)
                                                : NameOfFile(info, program.name);
}

// "gunicorn: worker [orders]", which replaces the command line of a process that names itself; else
// nothing.
std::optional<std::string> NameOfTitle(const ProcessInfo& info) {
  if (info.arguments.empty()) return std::nullopt;
  const std::string_view title = info.arguments[0];
  const auto open = title.find(" [");
  const auto close = title.rfind(']');
  if (open == title.npos || close == title.npos || close <= open + 2 || title.find(": ") > open)
    return std::nullopt;
  const std::string_view inside = title.substr(open + 2, close - open - 2);
  const std::string_view module = inside.substr(0, inside.find(':'));
  return IsIdentifier(module, /*dots=*/true) ? NameOfModule(info, module) : std::string(inside);
}

std::string NameOfProgram(const ProcessInfo& info) {
  const Program program = ProgramOf(info);
  if (program.runtime == Runtime::kPython) {
    if (auto name = NameOfTitle(info)) return *name;
  }
  if (!info.node_package.empty()) return info.node_package;
  switch (program.form) {
    case Program::Form::kJar:
      return NameOfJar(program.name);
    case Program::Form::kClass:
      return NameOfClass(program.name);
    case Program::Form::kModule:
      return NameOfPython(info, program);
    case Program::Form::kScript:
      return program.runtime == Runtime::kPython ? NameOfPython(info, program)
                                                 : NameOfFile(info, program.name);
    case Program::Form::kNone:
      break;
  }
  return std::string(BaseName(info.exe));
}

std::string PercentDecode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
        HexDigit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> ParseResourceAttributes(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
  while (!text.empty() && out.size() < kMaxAttributes) {
    const auto comma = text.find(',');
    const std::string_view entry = text.substr(0, comma);
    const auto equals = entry.find('=');
    if (equals != entry.npos && !Trim(entry.substr(0, equals)).empty()) {
      out.emplace_back(Trim(entry.substr(0, equals)),
                       PercentDecode(Trim(entry.substr(equals + 1))));
    }
    text = comma == text.npos ? std::string_view() : text.substr(comma + 1);
  }
  return out;
}

std::string DeriveServiceName(const ProcessInfo& info) {
  std::string name = info.otel_service_name;
  if (name.empty()) {
    for (auto& [key, value] : ParseResourceAttributes(info.otel_resource_attributes)) {
      if (key == "service.name") name = std::move(value);
    }
  }
  if (name.empty()) name = NameOfProgram(info);
  if (name.empty()) name = info.comm;
  if (name.empty()) name = "unknown_service";
  if (name.size() > kMaxServiceName) name.resize(kMaxServiceName);
  return name;
}

}  // namespace clew::process
