// A value of the map `procs`, as in bpf/maps.bpf.h.
#pragma once

#include <cstdint>

namespace clew::kernel {

struct ProcEntry {
  static constexpr std::uint32_t kTraced = 1;
  static constexpr std::uint32_t kInject = 2;
  static constexpr std::uint32_t kUntilAck = 4;
  static constexpr std::uint32_t kCpython = 8;
  static constexpr std::uint32_t kFionread = 32;
  static constexpr std::uint32_t kDecided = 64;
  static constexpr std::uint32_t kNginx = 128;
  static constexpr std::uint32_t kLoop = 256;
  static constexpr std::uint32_t kGo = 1024;

  std::uint32_t flags = 0;
  std::uint32_t calls = 0;
};

}  // namespace clew::kernel
