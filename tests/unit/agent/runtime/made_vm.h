// The memory of a virtual machine, made for tests: its tables, and what they lead to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/runtime/vm_tables.h"

namespace clew::runtime {

class MadeVm {
 public:
  MadeVm();

  // A field of a structure, `offset` bytes into it.
  void Field(const std::string& type, const std::string& field, std::uint64_t offset,
             const std::string& of = "int");
  // A static field. Returns where its eight bytes lie.
  std::uint64_t Static(const std::string& type, const std::string& field, std::uint64_t value);
  void Flag(const std::string& name, bool value);
  // Writes eight bytes at `address`.
  void Set(std::uint64_t address, std::uint64_t value);
  // Room for `size` zero bytes. Returns its address.
  std::uint64_t Room(std::size_t size);

  // As those of the machine's library, when everything is told. The memory must outlive what is
  // read.
  VmTables::Addresses Finish();
  const std::string& memory() const { return memory_; }

 private:
  struct Entry {
    std::uint64_t type, field, of, is_static, offset, address;
  };
  std::uint64_t Text(const std::string& text);
  std::uint64_t Word(std::uint64_t value);

  std::string memory_;
  std::vector<Entry> fields_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> flags_;  // a name, where the value is
};

// One of JDK 17 with all that a layout needs: compressed references, G1.
MadeVm MakeJava17();

}  // namespace clew::runtime
