#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "agent/runtime/asyncio.h"
#include "agent/runtime/executor.h"
#include "agent/runtime/probe_point.h"
#include "agent/runtime/python_types.h"
#include "tests/unit/agent/runtime/made_module.h"

namespace clew::runtime {
namespace {

const std::string kPush = "\x55\xc3";
const std::string kGetter("\x48\x8b\x87\x80\x00\x00\x00\xc3", 8);  // mov 0x80(%rdi),%rax; ret

struct Members {
  std::string init = kPush, set_result = kPush, getter = kGetter, enter = "PyDict_SetDefaultRef";
  bool specification = false;
};

// A type called `name` with what is at the addresses; 0: nothing.
void AddType(MadeModule& module, const std::string& name, bool specification, std::uint64_t init,
             std::uint64_t methods, std::uint64_t getset) {
  const std::uint64_t text = module.Text(name);
  if (!specification) {  // PyTypeObject
    const std::uint64_t type = module.Data(std::string(408, '\0'));
    module.Point(type + 24, text);
    module.Point(type + 48, module.Code(kPush));
    if (methods != 0) module.Point(type + 232, methods);
    if (getset != 0) module.Point(type + 248, getset);
    if (init != 0) module.Point(type + 296, init);
    return;
  }
  std::string numbers;
  std::vector<std::uint64_t> targets;
  for (const auto& [number, target] :
       {std::pair<char, std::uint64_t>{60, init}, {64, methods}, {73, getset}}) {
    if (target == 0) continue;
    numbers += number + std::string(15, '\0');
    targets.push_back(target);
  }
  const std::uint64_t table = module.Data(numbers + std::string(16, '\0'));
  for (std::size_t i = 0; i < targets.size(); ++i) module.Point(table + 16 * i + 8, targets[i]);
  const std::uint64_t spec = module.Data(std::string(32, '\0'));  // PyType_Spec
  module.Point(spec, text);
  module.Point(spec + 24, table);
}

std::uint64_t Entry(MadeModule& module, const std::string& name, std::uint64_t function) {
  const std::uint64_t entry = module.Data(std::string(80, '\0'));
  module.Point(entry, module.Text(name));
  module.Point(entry + 8, function);
  return entry;
}

MadeModule Asyncio(const Members& members) {
  MadeModule module;
  module.Call(module.Stub(members.enter));
  module.Call(module.Stub("PyDict_New"));
  AddType(module, "_asyncio.Future", members.specification, 0,
          Entry(module, "set_result", module.Code(members.set_result)), 0);
  AddType(module, "_asyncio.Task", members.specification, module.Code(members.init), 0,
          Entry(module, "_fut_waiter", module.Code(members.getter)));
  return module;
}

Plan PlanOf(const MadeModule& module) {
  const std::string file = module.File();
  return PlanAsyncio(process::ReadFrom(file));
}

TEST(Asyncio, IsFoundInStaticTypesAndInSpecifications) {
  for (const bool specification : {false, true}) {
    const Plan plan = PlanOf(Asyncio({.specification = specification}));
    ASSERT_EQ(plan.missing, "");
    EXPECT_EQ(plan.kind, Kind::kAsyncio);
    EXPECT_EQ(plan.waits_for, 0x80u);
    ASSERT_EQ(plan.probes.size(), 3u);
    EXPECT_EQ(plan.probes[0].program, "asyncio_entered");
    EXPECT_EQ(plan.probes[0].offset, MadeModule::OffsetOf(MadeModule::kCode));
    EXPECT_EQ(plan.probes[1].program, "asyncio_made");
    EXPECT_EQ(plan.probes[2].program, "asyncio_set");
  }
}

TEST(Asyncio, WithoutOneOfItsPlacesThereIsNoPlan) {
  EXPECT_EQ(PlanOf(Asyncio({.enter = "PyDict_SetItem"})).missing, "asyncio: where tasks are entered");
  EXPECT_EQ(PlanOf(Asyncio({.init = "\xc3"})).missing, "asyncio: where tasks are made");
  EXPECT_EQ(PlanOf(Asyncio({.set_result = "\xc3"})).missing,
            "asyncio: where futures get their results");
  EXPECT_EQ(PlanOf(Asyncio({.getter = kPush})).missing, "asyncio: what a task waits for");
  EXPECT_FALSE(PlanOf(Asyncio({.getter = kPush})).kind);
}

TEST(Asyncio, CodeThatCannotBeDecodedHasNoPlaces) {
  MadeModule module = Asyncio({});
  module.Code("\x06");  // no instruction of this machine
  EXPECT_EQ(PlanOf(module).missing, "asyncio: where tasks are entered");
}

TEST(Asyncio, NoTruncationOfAModuleDoesHarm) {
  const std::string file = Asyncio({}).File();
  for (std::size_t size = 0; size < file.size(); size += 7) {
    const std::string part = file.substr(0, size);
    const Plan plan = PlanAsyncio(process::ReadFrom(part));
    EXPECT_EQ(plan.kind.has_value(), !plan.probes.empty());
  }
}

TEST(Executor, NeedsEveryWayInAndOut) {
  for (const std::string left_out : {"", "put", "get", "get_nowait"}) {
    MadeModule module;
    std::string zeros(160, '\0');
    const std::uint64_t table = module.Data(zeros);
    std::uint64_t at = table;
    for (const std::string name : {"put", "get", "get_nowait"}) {
      if (name == left_out) continue;
      module.Point(at, module.Text(name));
      module.Point(at + 8, module.Code(kPush));
      at += 32;
    }
    AddType(module, "_queue.SimpleQueue", false, 0, table, 0);
    const std::string file = module.File();
    const Plan plan = PlanExecutor(process::ReadFrom(file));
    EXPECT_EQ(plan.kind.has_value(), left_out.empty());
    EXPECT_EQ(plan.missing, left_out.empty() ? "" : "SimpleQueue." + left_out);
    if (!left_out.empty()) continue;
    ASSERT_EQ(plan.probes.size(), 3u);
    EXPECT_FALSE(plan.probes[0].at_return);
    EXPECT_TRUE(plan.probes[1].at_return);
    EXPECT_TRUE(plan.probes[2].at_return);
  }
}

TEST(PythonTypes, TwoTypesOfOneNameAreNone) {
  MadeModule module;
  AddType(module, "a.B", false, module.Code(kPush), 0, 0);
  AddType(module, "a.B", false, module.Code(kPush), 0, 0);
  const std::string file = module.File();
  const auto image = ElfImage::Read(process::ReadFrom(file));
  ASSERT_TRUE(image);
  EXPECT_EQ(FindInit(*image, "a.B"), std::nullopt);
}

TEST(ReturnPoint, MayFollowAWriteToAnArgumentButNoneToTheStackPointer) {
  const std::vector<std::uint8_t> argument = {0x31, 0xf6, 0xeb, 0x00};             // xor; jmp
  const std::vector<std::uint8_t> stack = {0x48, 0x83, 0xec, 0x08, 0x74, 0x00};    // sub; je
  EXPECT_EQ(FindReturnPoint(argument), 2u);
  EXPECT_EQ(FindReturnPoint(stack), std::nullopt);
}

}  // namespace
}  // namespace clew::runtime
