#include "agent/runtime/elf_symbols.h"

#include <gtest/gtest.h>

#include "tests/unit/agent/runtime/made_elf.h"

namespace clew::runtime {
namespace {

auto Find(const std::string& elf, const std::vector<std::string_view>& names) {
  return FindFunctions(process::ReadFrom(elf), names);
}

TEST(ElfSymbols, TellsWhereInTheFileAFunctionLies) {
  const std::string elf = MakeElf({{"first", "\x01\x02"}, {"second", "\x03\x04\x05"}});
  const auto found = Find(elf, {"second", "absent"});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found.at("second").size, 3u);
  EXPECT_EQ(elf.substr(found.at("second").offset, 3), "\x03\x04\x05");
}

TEST(ElfSymbols, FindsWhatLiesBehindManyOthersAndAcrossTheBlocksThatAreRead) {
  for (const std::size_t filler : {2047u, 2048u, 5000u}) {
    const std::string padding(65536 - 4, 'x');  // the wanted name then spans two blocks of names
    const std::string elf = MakeElf({{padding, "\x01"}, {"wanted", "\x02"}}, filler);
    EXPECT_EQ(Find(elf, {"wanted"}).size(), 1u) << filler;
  }
}

TEST(ElfSymbols, ANameThatEndsLikeAWantedOneIsAnotherOne) {
  EXPECT_TRUE(Find(MakeElf({{"not_wanted", "\x01"}}), {"wanted"}).empty());
}

TEST(ElfSymbols, ANameOfTwoFunctionsIsNone) {
  EXPECT_TRUE(Find(MakeElf({{"twice", "\x01"}, {"twice", "\x02"}}), {"twice"}).empty());
}

TEST(ElfSymbols, AnAddressOutsideOfTheCodeIsNone) {
  EXPECT_TRUE(Find(MakeElf({{"far", "\x01", 1 << 20}}), {"far"}).empty());
}

TEST(ElfSymbols, AFileThatRepeatsAWantedNameIsGivenUp) {
  std::vector<MadeFunction> functions(2000, {"wanted", ""});
  functions.push_back({"other", "\x01"});
  EXPECT_EQ(Find(MakeElf(functions), {"other"}).size(), 1u);
  EXPECT_TRUE(Find(MakeElf(functions), {"wanted", "other"}).empty());
}

TEST(ElfSymbols, TruncatedAndCorruptedFilesDoNoHarm) {
  const std::string elf = MakeElf({{"first", "\x01\x02"}, {"second", "\x03"}});
  for (std::size_t n = 0; n < elf.size(); ++n) {
    EXPECT_LE(Find(elf.substr(0, n), {"first", "second"}).size(), 2u);
    std::string corrupt = elf;
    corrupt[n] = static_cast<char>(0xff);
    EXPECT_LE(Find(corrupt, {"first", "second"}).size(), 2u);
  }
}

}  // namespace
}  // namespace clew::runtime
