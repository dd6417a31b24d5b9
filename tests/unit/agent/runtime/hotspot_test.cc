#include "agent/runtime/hotspot.h"

#include <gtest/gtest.h>

#include "tests/unit/agent/runtime/made_vm.h"

namespace clew::runtime {
namespace {

// What is said of the machine when it is whole.
Result<JavaLayout> Layout(MadeVm& vm) {
  const auto variables = vm.Finish();
  const auto tables = VmTables::Read(variables, process::ReadFrom(vm.memory()));
  EXPECT_TRUE(tables);
  return LayoutOfJava(*tables);
}

TEST(HotSpot, SaysWhereEverythingIs) {
  MadeVm vm = MakeJava17();
  vm.Flag("UseG1GC", true);
  const auto layout = Layout(vm);
  ASSERT_TRUE(layout) << layout.error().message;
  EXPECT_EQ(layout->heap_begin, 0x600000000u);
  EXPECT_EQ(layout->heap_end, 0x600008000u);
  EXPECT_EQ(layout->class_base, 0x7f0000000000u);
  EXPECT_EQ(layout->oop_shift, 3u);
  EXPECT_EQ(layout->oop_bytes, 4u);
  EXPECT_EQ(layout->os_thread, 560u);
  EXPECT_EQ(layout->buffer, 256u);
  EXPECT_EQ(layout->object_by_handle, 1u);
  EXPECT_EQ(layout->mounted, 0u) << "no virtual threads";
  EXPECT_EQ(layout->symbol_text, 6u);
}

TEST(HotSpot, NewerNamesGoBeforeOlderOnes) {
  MadeVm vm = MakeJava17();
  vm.Flag("UseParallelGC", true);
  vm.Static("CompressedOops", "_base", 0x1000);
  vm.Field("Thread", "_osthread", 1016);
  vm.Field("JavaThread", "_cont_entry", 1560);
  vm.Field("JavaThread", "_monitor_owner_id", 1312);
  const auto layout = Layout(vm);
  ASSERT_TRUE(layout) << layout.error().message;
  EXPECT_EQ(layout->oop_base, 0x1000u);
  EXPECT_EQ(layout->os_thread, 1016u);
  EXPECT_EQ(layout->mounted, 1560u);
  EXPECT_EQ(layout->owner_id, 1312u);
}

TEST(HotSpot, ACollectorThatMovesObjectsAtAnyTimeIsNotFollowed) {
  MadeVm vm = MakeJava17();
  vm.Flag("UseZGC", true);
  const auto layout = Layout(vm);
  ASSERT_FALSE(layout);
  EXPECT_EQ(layout.error().message, "java: a collector other than G1, Parallel and Serial");
}

TEST(HotSpot, ObjectsWithCompactHeadersAreNotRead) {
  MadeVm vm = MakeJava17();
  vm.Flag("UseG1GC", true);
  vm.Flag("UseCompactObjectHeaders", true);
  EXPECT_FALSE(Layout(vm));
}

TEST(HotSpot, WhatIsMissingIsNamed) {
  MadeVm vm;
  for (const char* flag : {"UseG1GC", "UseTLAB", "UseCompressedClassPointers"}) vm.Flag(flag, true);
  const auto layout = Layout(vm);
  ASSERT_FALSE(layout);
  EXPECT_TRUE(layout.error().message.starts_with("java: no ")) << layout.error().message;
}

TEST(HotSpot, AHeapWhoseEndIsBeyondAllAddressesIsNone) {
  for (const std::uint64_t words : {std::uint64_t{0}, ~std::uint64_t{0}, ~std::uint64_t{0} / 8}) {
    MadeVm vm = MakeJava17();
    vm.Flag("UseG1GC", true);
    const std::uint64_t heap = vm.Room(64);
    vm.Set(heap + 32, 0x600000000);
    vm.Set(heap + 40, words);
    vm.Static("Universe", "_collectedHeap", heap);
    EXPECT_FALSE(Layout(vm)) << words;
  }
}

}  // namespace
}  // namespace clew::runtime
