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
  static constexpr std::uint32_t kJvm = 0x4000;
  static constexpr std::uint32_t kDecided = 64;
  static constexpr std::uint32_t kNginx = 128;
  static constexpr std::uint32_t kLoop = 256;
  static constexpr std::uint32_t kAsyncio = 0x10000;
  static constexpr std::uint32_t kExecutor = 0x20000;
  static constexpr std::uint32_t kGo = 0x80000;
  static constexpr std::uint32_t kJava = 0x8000;
  static constexpr std::uint32_t kFromStart = 1024;
  static constexpr std::uint32_t kQuiet = 2048;
  static constexpr std::uint32_t kAwake = 4096;
  static constexpr int kGenerationShift = 24;
  static constexpr std::uint32_t kGeneration = 0xffu << kGenerationShift;
  // What user space decides; the rest is the kernel side's.
  static constexpr std::uint32_t kDecisions = kTraced | kInject | kUntilAck | kCpython | kJvm | kDecided |
                                              kNginx | kLoop | kAsyncio | kExecutor | kGo | kJava | kQuiet | kAwake |
                                               kGeneration;

  std::uint32_t flags = 0;
  std::uint32_t calls = 0;
};

}  // namespace clew::kernel
