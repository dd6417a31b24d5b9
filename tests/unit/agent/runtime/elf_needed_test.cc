#include "agent/runtime/elf_needed.h"

#include <gtest/gtest.h>

#include "tests/unit/agent/runtime/made_elf.h"

namespace clew::runtime {
namespace {

bool Needs(const std::string& elf, std::string_view prefix) {
  return NeedsLibrary(process::ReadFrom(elf), prefix);
}

TEST(ElfNeeded, FindsALibraryByTheBeginningOfItsName) {
  const std::string elf = MakeElf({}, 0, {"libc.so.6", "libuv.so.1"});
  EXPECT_TRUE(Needs(elf, "libuv.so"));
  EXPECT_TRUE(Needs(elf, "libc.so.6"));
  EXPECT_FALSE(Needs(elf, "uv.so"));
  EXPECT_FALSE(Needs(elf, "libuv.so.10"));
  EXPECT_FALSE(Needs(MakeElf({}), "libuv.so"));
}

TEST(ElfNeeded, TruncatedAndCorruptedFilesDoNoHarm) {
  const std::string elf = MakeElf({}, 0, {"libuv.so.1"});
  for (std::size_t n = 0; n < elf.size(); ++n) {
    EXPECT_FALSE(Needs(elf.substr(0, n), "libuv.so"));
    std::string corrupt = elf;
    corrupt[n] = static_cast<char>(0xff);
    (void)Needs(corrupt, "libuv.so");
  }
}

}  // namespace
}  // namespace clew::runtime
