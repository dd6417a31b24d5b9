// A value of the map `pythons`, as in bpf/maps.bpf.h: byte offsets in a process's structures.
#pragma once

#include <cstdint>

namespace clew::kernel {

struct PythonEntry {
  std::uint32_t thread_id = 0;
  std::uint32_t context_version = 0;
  std::uint32_t waits_for = 0;
  std::uint32_t pad = 0;
};

}  // namespace clew::kernel
