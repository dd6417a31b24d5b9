// An executable made for tests: code, symbols, and nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace clew::runtime {

struct MadeFunction {
  std::string name;
  std::string code;
  std::uint64_t shift = 0;  // its symbol's address is this much too high
};

// An ELF file with one executable segment that holds the functions in turn, at address kMadeAddress
// and up, a .symtab in front of which `filler` other symbols stand, and a .dynamic that asks for
// the libraries `needed`.
std::string MakeElf(const std::vector<MadeFunction>& functions, std::size_t filler = 0,
                    const std::vector<std::string>& needed = {});

inline constexpr std::uint64_t kMadeAddress = 0x400000;

}  // namespace clew::runtime
