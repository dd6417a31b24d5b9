// Where a HotSpot virtual machine has what is read in it.
#pragma once

#include <cstdint>

namespace clew::runtime {

// The beginning of a value of the map `javas`, as in bpf/evidence_maps.bpf.h. Addresses, and byte
// offsets in structures of the process; 0: it has no such thing.
struct JavaLayout {
  std::uint64_t heap_begin = 0;
  std::uint64_t heap_end = 0;
  std::uint64_t class_base = 0;
  std::uint64_t oop_base = 0;
  std::uint32_t class_shift = 0;
  std::uint32_t oop_shift = 0;
  std::uint32_t oop_bytes = 0;  // of a reference in an object: 4 or 8
  // JavaThread
  std::uint32_t os_thread = 0;
  // Its allocation buffer: two words, where that begins and how far it is used.
  std::uint32_t buffer = 0;
  std::uint32_t stack_base = 0;
  std::uint32_t thread_object = 0;
  std::uint32_t object_by_handle = 0;  // 1: that is where the reference is, 0: it is the reference
  std::uint32_t mounted = 0;           // not null while a virtual thread runs on it
  std::uint32_t owner_id = 0;          // the number of the thread that runs on it
  // OSThread
  std::uint32_t pthread = 0;
  // Klass, Symbol
  std::uint32_t class_name = 0;
  std::uint32_t class_super = 0;
  std::uint32_t symbol_length = 0;
  std::uint32_t symbol_text = 0;
  std::uint32_t pad = 0;
};

}  // namespace clew::runtime
