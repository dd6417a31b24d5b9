// The tables in which HotSpot describes its own structures, for debuggers: `gHotSpotVMStructs` and
// its like, exported by every libjvm.so (jdk.hotspot.agent reads them). They lie in the memory of
// another process: everything is bounded, and what cannot be read is not there.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/process/elf_file.h"

namespace clew::runtime {

class VmTables {
 public:
  // The variables of libjvm.so that lead to the tables.
  static std::vector<std::string_view> Variables();
  // The tables of the machine in a process. `variables`: where each of those lies in `memory`,
  // which is the process's and must outlive the result. nullopt: not all are there, or the tables
  // cannot be read.
  using Addresses = std::map<std::string, std::uint64_t, std::less<>>;
  static std::optional<VmTables> Read(const Addresses& variables, process::ReadAt memory);

  // The byte offset of a field in its structure.
  std::optional<std::uint32_t> Offset(std::string_view type, std::string_view field) const;
  // The value of a static field of eight bytes.
  std::optional<std::uint64_t> Static(std::string_view type, std::string_view field) const;
  // ... of four bytes.
  std::optional<std::uint32_t> Static32(std::string_view type, std::string_view field) const;
  // The word at an address of the process.
  std::optional<std::uint64_t> Word(std::uint64_t address) const;
  // Whether the field's type is exactly `name`.
  bool IsOf(std::string_view type, std::string_view field, std::string_view name) const;
  // Those of `names` that are flags of the machine, each true or false.
  std::map<std::string, bool, std::less<>> Flags(std::span<const std::string_view> names) const;

 private:
  struct Field {
    bool is_static = false;
    std::uint64_t where = 0;  // an offset, or an address
    std::string type;
  };
  using Name = std::pair<std::string, std::string>;

  explicit VmTables(process::ReadAt memory) : memory_(std::move(memory)) {}
  template <std::size_t kCount>
  std::optional<std::array<std::uint64_t, kCount>> Values(
      const Addresses& variables, const std::array<std::string_view, kCount>& names) const;
  bool ReadFields(const Addresses& variables);
  bool ReadFlagSize(const Addresses& variables);
  const Field* Find(std::string_view type, std::string_view field) const;
  std::string Text(std::uint64_t address) const;

  process::ReadAt memory_;
  std::map<Name, Field> fields_;
  std::uint64_t flag_size_ = 0;  // bytes of a JVMFlag
};

}  // namespace clew::runtime
