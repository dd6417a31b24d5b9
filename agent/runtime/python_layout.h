// Where CPython's state of a thread has what is read there, by version. The kernel side checks the one
// by the other before it believes either.
// Source: CPython, Include/cpython/pystate.h (struct _ts) of each version, default builds on x86-64.
#pragma once

#include <cstdint>
#include <optional>

namespace clew::runtime {

struct PythonLayout {
  std::uint32_t thread_id;        // byte offset of PyThreadState.thread_id
  std::uint32_t context_version;  // ... and context_ver
};

// Of version 3.`minor`; nullopt: not one of those that were looked at.
constexpr std::optional<PythonLayout> LayoutOfPython(std::uint32_t minor) {
  switch (minor) {
    case 9:
    case 10: return PythonLayout{176, 248};
    case 11: return PythonLayout{152, 232};
    case 12: return PythonLayout{136, 216};
    case 13: return PythonLayout{152, 216};
    default: return std::nullopt;
  }
}

}  // namespace clew::runtime
