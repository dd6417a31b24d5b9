#include "agent/process/command_line.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>

namespace clew::process {
namespace {

using Form = Program::Form;

struct RuntimeName {
  std::string_view
      prefix;  // "python" also names "python3.11"; what follows must be digits and dots
  Runtime runtime;
};
constexpr RuntimeName kRuntimes[] = {
    {"java", Runtime::kJava}, {"python", Runtime::kPython}, {"pypy", Runtime::kPython},
    {"node", Runtime::kNode}, {"nodejs", Runtime::kNode},   {"ruby", Runtime::kRuby},
    {"php", Runtime::kPhp},   {"perl", Runtime::kPerl},     {"dotnet", Runtime::kDotnet},
};

// Options whose value is the next argument, so that it is not taken for the program.
constexpr std::string_view kJavaValues[] = {"-cp",
                                            "-classpath",
                                            "--class-path",
                                            "-p",
                                            "--module-path",
                                            "--upgrade-module-path",
                                            "--add-modules",
                                            "--add-exports",
                                            "--add-opens",
                                            "--add-reads",
                                            "--patch-module",
                                            "--enable-native-access",
                                            "-d",
                                            "--describe-module",
                                            "--source"};
constexpr std::string_view kPythonValues[] = {"-W", "-X", "--check-hash-based-pycs"};
constexpr std::string_view kNodeValues[] = {
    "-r", "--require",    "--import",   "--loader",       "--experimental-loader",
    "-C", "--conditions", "--env-file", "--icu-data-dir", "--title"};
constexpr std::string_view kRubyValues[] = {"-I", "-r", "-C", "-E"};
constexpr std::string_view kPhpValues[] = {"-c", "-d", "-z", "-S", "-t"};
constexpr std::string_view kPerlValues[] = {"-I"};

// Options behind which there is code, not a program.
constexpr std::string_view kPythonCode[] = {"-c"};
constexpr std::string_view kNodeCode[] = {"-e", "--eval", "-p", "--print", "-i", "--interactive"};
constexpr std::string_view kRubyCode[] = {"-e"};
constexpr std::string_view kPhpCode[] = {"-r", "-R", "-a", "-i"};
constexpr std::string_view kPerlCode[] = {"-e", "-E"};

struct Syntax {
  std::span<const std::string_view> with_value;
  std::span<const std::string_view> code;
};

Syntax SyntaxOf(Runtime runtime) {
  switch (runtime) {
    case Runtime::kJava:
      return {kJavaValues, {}};
    case Runtime::kPython:
      return {kPythonValues, kPythonCode};
    case Runtime::kNode:
      return {kNodeValues, kNodeCode};
    case Runtime::kRuby:
      return {kRubyValues, kRubyCode};
    case Runtime::kPhp:
      return {kPhpValues, kPhpCode};
    case Runtime::kPerl:
      return {kPerlValues, kPerlCode};
    case Runtime::kDotnet:
    case Runtime::kNative:
      return {};
  }
  return {};
}

bool Contains(std::span<const std::string_view> list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// An option that names the program itself: java -jar FILE, java -m MODULE/CLASS, python -m MODULE.
Form FormOfOption(Runtime runtime, std::string_view option) {
  if (runtime == Runtime::kJava && option == "-jar") return Form::kJar;
  if (runtime == Runtime::kJava && (option == "-m" || option == "--module")) return Form::kClass;
  if (runtime == Runtime::kPython && option == "-m") return Form::kModule;
  return Form::kNone;
}

}  // namespace

Runtime RuntimeOf(std::string_view executable) {
  const std::string_view name = BaseName(executable);
  for (const RuntimeName& known : kRuntimes) {
    if (name.substr(0, known.prefix.size()) != known.prefix) continue;
    const std::string_view version = name.substr(known.prefix.size());
    if (std::all_of(version.begin(), version.end(),
                    [](char c) { return (c >= '0' && c <= '9') || c == '.'; })) {
      return known.runtime;
    }
  }
  return Runtime::kNative;
}

Program ProgramOf(const ProcessInfo& info) {
  const auto& arguments = info.arguments;
  Program program;
  program.runtime = RuntimeOf(info.exe.empty() && !arguments.empty() ? arguments[0] : info.exe);
  if (program.runtime == Runtime::kNative) return program;
  const Syntax syntax = SyntaxOf(program.runtime);
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const bool is_option = argument.size() > 1 && argument[0] == '-' && argument != "--";
    if (!is_option) {
      const std::size_t at = argument == "--" ? i + 1 : i;
      if (at >= arguments.size()) return program;
      const bool source_file = arguments[at].find(".java") != std::string::npos;
      program.form =
          program.runtime == Runtime::kJava && !source_file ? Form::kClass : Form::kScript;
      program.name = arguments[at];
      program.rest = at + 1;
      return program;
    }
    if (const Form form = FormOfOption(program.runtime, argument); form != Form::kNone) {
      if (i + 1 >= arguments.size()) return program;
      program.form = form;
      program.name = arguments[i + 1];
      program.rest = i + 2;
      return program;
    }
    if (Contains(syntax.code, argument)) return program;
    if (Contains(syntax.with_value, argument)) ++i;
  }
  return program;
}

std::string_view BaseName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view Stem(std::string_view file_name) {
  const auto dot = file_name.rfind('.');
  return dot == file_name.npos || dot == 0 ? file_name : file_name.substr(0, dot);
}

std::string ResolvePath(std::string_view folder, std::string_view path) {
  if (!path.empty() && path[0] == '/') return std::string(path);
  while (path.substr(0, 2) == "./") path.remove_prefix(2);
  std::string full(folder);
  if (full.empty() || full.back() != '/') full += '/';
  return full.append(path);
}

}  // namespace clew::process
