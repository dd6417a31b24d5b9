#include "agent/runtime/go_symbols.h"

#include <gtest/gtest.h>

#include "tests/unit/agent/runtime/made_go.h"

namespace clew::runtime {
namespace {

GoFunctions Find(const std::string& elf, const std::vector<std::string_view>& names) {
  return FindGoFunctions(process::ReadFrom(elf), names);
}

MadeGo Three() {
  return {.functions = {
              {"a.One", "\xc3"}, {"b.(*T).Two", std::string(20, '\x90')}, {"c.Three", "\xc3"}}};
}

TEST(GoSymbols, FunctionsAreFoundByName) {
  const auto found = Find(MakeGoElf(Three()), {"c.Three", "b.(*T).Two", "Two", "d.Four"});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found.at("b.(*T).Two").front().entry, 16u);
  EXPECT_EQ(found.at("b.(*T).Two").front().size, 32u);
  EXPECT_EQ(found.at("c.Three").front().entry, 48u);
  EXPECT_EQ(found.at("c.Three").front().size, 16u);
}

TEST(GoSymbols, TablesSinceGo118AreRead) {
  MadeGo made = Three();
  for (const auto& [magic, functions] :
       {std::pair{0xfffffff0u, 1u}, {0xfffffff1u, 1u}, {0xfffffffau, 0u}, {0xfffffffbu, 0u}}) {
    made.magic = magic;
    EXPECT_EQ(Find(MakeGoElf(made), {"a.One"}).size(), functions) << magic;
  }
}

TEST(GoSymbols, AFunctionAndItsWrapperShareAName) {
  const std::string elf = MakeGoElf({.functions = {{"a.One", "\xc3"}, {"a.One", "\xc3"}}});
  ASSERT_EQ(Find(elf, {"a.One"}).at("a.One").size(), 2u);
}

TEST(GoSymbols, TablesLargerThanAWindowAreReadToTheirEnd) {
  MadeGo made = Three();
  made.filler = 30000;
  const auto found = Find(MakeGoElf(made), {"c.Three", "filler17"});
  EXPECT_EQ(found.at("c.Three").front().entry, 30000u * 16 + 48);
  EXPECT_EQ(found.at("filler17").front().entry, 17u * 16);
}

TEST(GoSymbols, ATruncatedTableHasNoFunctions) {
  const std::string elf = MakeGoElf(Three());
  for (std::size_t size = 0; size < elf.size(); ++size) {
    EXPECT_TRUE(Find(elf.substr(0, size), {"a.One", "c.Three"}).empty()) << size;
  }
}

TEST(GoSymbols, ATableThatContradictsItselfHasNoFunctions) {
  const std::string elf = MakeGoElf(Three());
  std::string bad = elf;
  bad[bad.size() - 8] ^= 1;  // where the last function begins, by its own record
  EXPECT_TRUE(Find(bad, {"a.One"}).empty());
  EXPECT_FALSE(Find(elf, {"a.One"}).empty());
}

TEST(GoSymbols, OtherFilesHaveNone) {
  EXPECT_TRUE(Find("", {"a.One"}).empty());
  EXPECT_TRUE(Find(std::string(4096, '\x7f'), {"a.One"}).empty());
}

}  // namespace
}  // namespace clew::runtime
