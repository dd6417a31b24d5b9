// What clew-store does, on the store that the flags name.
#pragma once

#include <atomic>
#include <functional>
#include <string_view>

#include "admin/flags.h"
#include "store/admin/administration.h"

namespace clew::admin {

// Everything a command needs of the process.
struct Context {
  const Flags& flags;
  const std::atomic<bool>& interrupted;       // by a signal
  std::function<void(std::string_view)> out;  // standard output
  std::function<void(std::string_view)> err;  // standard error
};

// Runs flags.command and returns the exit status.
int Run(const Context& context);

inline constexpr int kInterrupted = 130;

}  // namespace clew::admin
