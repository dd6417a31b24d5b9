#include "agent/runtime/vm_tables.h"

#include <gtest/gtest.h>

#include "tests/unit/agent/runtime/made_vm.h"

namespace clew::runtime {
namespace {

std::optional<VmTables> Read(const VmTables::Addresses& variables, const std::string& memory) {
  return VmTables::Read(variables, process::ReadFrom(memory));
}

TEST(VmTables, TellsOffsetsAndValues) {
  MadeVm vm;
  vm.Field("Thread", "_tlab", 256, "ThreadLocalAllocBuffer");
  vm.Static("CompressedOops", "_base", 0x100000000);
  vm.Static("CompressedOops", "_shift", 3);
  const auto variables = vm.Finish();
  const auto tables = Read(variables, vm.memory());
  ASSERT_TRUE(tables);
  EXPECT_EQ(tables->Offset("Thread", "_tlab"), 256u);
  EXPECT_TRUE(tables->IsOf("Thread", "_tlab", "ThreadLocalAllocBuffer"));
  EXPECT_EQ(tables->Static("CompressedOops", "_base"), 0x100000000u);
  EXPECT_EQ(tables->Static32("CompressedOops", "_shift"), 3u);
}

TEST(VmTables, WhatIsStaticHasNoOffsetAndTheOtherWayRound) {
  MadeVm vm;
  vm.Field("Thread", "_tlab", 256);
  vm.Static("CompressedOops", "_base", 1);
  const auto variables = vm.Finish();
  const auto tables = Read(variables, vm.memory());
  ASSERT_TRUE(tables);
  EXPECT_FALSE(tables->Static("Thread", "_tlab"));
  EXPECT_FALSE(tables->Static32("Thread", "_tlab"));
  EXPECT_FALSE(tables->Offset("CompressedOops", "_base"));
  EXPECT_FALSE(tables->Offset("Thread", "absent"));
}

TEST(VmTables, AnOffsetThatNoStructureHasIsNone) {
  MadeVm vm;
  vm.Field("Thread", "_far", 1 << 16);
  const auto variables = vm.Finish();
  EXPECT_FALSE(Read(variables, vm.memory())->Offset("Thread", "_far"));
}

TEST(VmTables, TellsTheFlagsThatAreAskedFor) {
  MadeVm vm;
  vm.Flag("UseG1GC", true);
  vm.Flag("UseZGC", false);
  vm.Flag("UseTLAB", true);
  const auto variables = vm.Finish();
  const std::array<std::string_view, 3> wanted = {"UseG1GC", "UseZGC", "UseAbsent"};
  const auto flags = Read(variables, vm.memory())->Flags(wanted);
  EXPECT_EQ(flags,
            (std::map<std::string, bool, std::less<>>{{"UseG1GC", true}, {"UseZGC", false}}));
}

TEST(VmTables, WithoutOneOfTheVariablesThereIsNothing) {
  MadeVm vm;
  auto variables = vm.Finish();
  for (const std::string_view name : VmTables::Variables()) {
    auto fewer = variables;
    ASSERT_EQ(fewer.erase(std::string(name)), 1u) << name;
    EXPECT_FALSE(Read(fewer, vm.memory())) << name;
  }
}

TEST(VmTables, ATableThatDoesNotEndIsNone) {
  MadeVm vm;
  vm.Field("Thread", "_tlab", 256);
  auto variables = vm.Finish();
  EXPECT_FALSE(Read(variables, vm.memory().substr(0, vm.memory().size() / 2)));
}

TEST(VmTables, ALengthOfEntriesThatIsNoneIsRefused) {
  for (const std::uint64_t stride : {std::uint64_t{0}, std::uint64_t{257}, ~std::uint64_t{0}}) {
    MadeVm vm;
    const auto variables = vm.Finish();
    vm.Set(variables.at("gHotSpotVMStructEntryArrayStride"), stride);
    EXPECT_FALSE(Read(variables, vm.memory())) << stride;
  }
}

TEST(VmTables, ANameWithoutAnEndIsEmpty) {
  MadeVm vm;
  vm.Field(std::string(1000, 'x'), "_field", 8);
  const auto variables = vm.Finish();
  const auto tables = Read(variables, vm.memory());
  ASSERT_TRUE(tables);
  EXPECT_FALSE(tables->Offset(std::string(1000, 'x'), "_field"));
  EXPECT_EQ(tables->Offset("", "_field"), 8u);
}

}  // namespace
}  // namespace clew::runtime
