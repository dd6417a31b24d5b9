// A shared object as the loader sees it: what lies at an address, where pointers in its data lead,
// which functions of others it calls. Needs no symbols but the imported ones, which no file can be
// stripped of. The file is hostile: bounds are checked, memory is bounded whatever its size.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/process/elf_file.h"

namespace clew::runtime {

// Addresses are those of the file, before it is loaded anywhere.
class ElfImage {
 public:
  // nullopt: no 64-bit ELF file, or larger than an extension module ever is.
  static std::optional<ElfImage> Read(const process::ReadAt& read_at);

  // Where the loader lets the 8 bytes at `address` point, inside of this file.
  std::optional<std::uint64_t> PointerAt(std::uint64_t address) const;
  // The addresses of all pointers to strings that are exactly `text`, ascending.
  std::vector<std::uint64_t> PointersTo(std::string_view text) const;
  // The string at `address` is exactly `text`.
  bool HasString(std::uint64_t address, std::string_view text) const;
  std::optional<std::uint32_t> Word32At(std::uint64_t address) const;

  // Code from `address` on, at most `most` bytes; empty: no code is there.
  std::span<const std::uint8_t> CodeAt(std::uint64_t address, std::size_t most) const;
  // Where in the file the code at `address` lies.
  std::optional<std::uint64_t> CodeOffset(std::uint64_t address) const;
  // The address and the bytes of the section .text.
  struct Text {
    std::uint64_t address = 0;
    std::span<const std::uint8_t> code;
  };
  Text MainCode() const;

  // The function that a jump to `address` ends in, when that is a stub for an imported one.
  std::string_view ImportAt(std::uint64_t address) const;

 private:
  struct Segment {
    std::uint64_t address = 0;
    std::uint64_t offset = 0;
    bool code = false;
    std::string bytes;
  };

  ElfImage() = default;
  // The bytes from `address` to the end of their segment; empty: there are none.
  std::string_view BytesAt(std::uint64_t address) const;
  const Segment* SegmentOf(std::uint64_t address) const;
  bool ReadSegments(const process::ReadAt& read_at);
  void ReadRelocations(const process::ReadAt& read_at, const process::ElfSections& sections);
  void ReadRelocation(const process::ReadAt& read_at, const process::ElfSections& sections,
                      const Elf64_Shdr& table, const Elf64_Rela& relocation);

  std::vector<Segment> segments_;
  std::map<std::uint64_t, std::uint64_t> pointers_;            // address -> address
  std::unordered_map<std::uint64_t, std::string> imports_;     // slot that the loader fills -> name
  std::uint64_t text_address_ = 0;
  std::uint64_t text_size_ = 0;
};

}  // namespace clew::runtime
