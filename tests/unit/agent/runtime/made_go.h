// A Go executable made for tests: its code, the table of its functions, and nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace clew::runtime {

struct MadeGoFunction {
  std::string name;
  std::string code;
  std::string calls = {};   // the first function of this name, by the instruction
  std::size_t call_at = 0;  // ... at this place in `code`, whose last four bytes are filled in
};

struct MadeGo {
  std::vector<MadeGoFunction> functions;  // each begins at a multiple of 16
  std::uint32_t magic = 0xfffffff1;       // Go 1.20 and later
  std::size_t before = 0;                 // bytes of other code before Go's, a multiple of 16
  std::size_t filler = 0;                 // other functions, before all of these
};

// The file ends with the table. Go's code begins `before` bytes behind kMadeGoText.
std::string MakeGoElf(const MadeGo& made);

inline constexpr std::uint64_t kMadeGoText = 1024;

}  // namespace clew::runtime
