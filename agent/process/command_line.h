// Which program an interpreter or virtual machine runs, read from its command line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/process/process_info.h"

namespace clew::process {

enum class Runtime : std::uint8_t { kNative, kJava, kPython, kNode, kRuby, kPhp, kPerl, kDotnet };

// By the executable's base name: "python3.11" -> kPython, "nginx" -> kNative.
Runtime RuntimeOf(std::string_view executable);

struct Program {
  enum class Form : std::uint8_t {
    kNone,    // none named: interactive, "-c" code, or not an interpreter
    kScript,  // a file
    kModule,  // python -m
    kJar,     // java -jar
    kClass,   // java's main class
  };
  Runtime runtime = Runtime::kNative;
  Form form = Form::kNone;
  std::string_view name;  // of the file, module or class as given; views ProcessInfo::arguments
  std::size_t rest = 0;   // index in ProcessInfo::arguments of the program's own first argument
};

// The views in the result live as long as `info`.
Program ProgramOf(const ProcessInfo& info);

// "/usr/bin/nginx" -> "nginx"; "" stays "".
std::string_view BaseName(std::string_view path);
// "orders.py" -> "orders", ".py" -> ".py": the name before its last dot.
std::string_view Stem(std::string_view file_name);
// `path` below `folder` unless it is absolute; "./" at the front is removed.
std::string ResolvePath(std::string_view folder, std::string_view path);

}  // namespace clew::process
