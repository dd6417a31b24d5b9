#include "tests/unit/agent/runtime/made_vm.h"

#include <cstring>
#include <utility>

namespace clew::runtime {
namespace {

constexpr std::uint64_t kFlagBytes = 24;
constexpr std::uint64_t kFlagName = 8, kFlagValue = 16;

}  // namespace

MadeVm::MadeVm() : memory_(16, '\0') {}  // nothing lies at 0

std::uint64_t MadeVm::Room(std::size_t size) {
  memory_.resize((memory_.size() + 7) / 8 * 8);
  const std::uint64_t address = memory_.size();
  memory_.resize(memory_.size() + size);
  return address;
}

void MadeVm::Set(std::uint64_t address, std::uint64_t value) {
  std::memcpy(memory_.data() + address, &value, sizeof(value));
}

std::uint64_t MadeVm::Word(std::uint64_t value) {
  const std::uint64_t address = Room(sizeof(value));
  Set(address, value);
  return address;
}

std::uint64_t MadeVm::Text(const std::string& text) {
  const std::uint64_t address = Room(text.size() + 1);
  std::memcpy(memory_.data() + address, text.data(), text.size());
  return address;
}

void MadeVm::Field(const std::string& type, const std::string& field, std::uint64_t offset,
                   const std::string& of) {
  fields_.push_back({Text(type), Text(field), Text(of), 0, offset, 0});
}

std::uint64_t MadeVm::Static(const std::string& type, const std::string& field,
                             std::uint64_t value) {
  const std::uint64_t address = Word(value);
  fields_.push_back({Text(type), Text(field), Text("address"), 1, 0, address});
  return address;
}

void MadeVm::Flag(const std::string& name, bool value) {
  flags_.emplace_back(Text(name), Word(value ? 1 : 0));
}

VmTables::Addresses MadeVm::Finish() {
  const std::uint64_t flags = Room(flags_.size() * kFlagBytes);
  for (std::size_t i = 0; i < flags_.size(); ++i) {
    Set(flags + i * kFlagBytes + kFlagName, flags_[i].first);
    Set(flags + i * kFlagBytes + kFlagValue, flags_[i].second);
  }
  Static("JVMFlag", "flags", flags);
  Static("JVMFlag", "numFlags", flags_.size());
  Field("JVMFlag", "_name", kFlagName);
  Field("JVMFlag", "_addr", kFlagValue);
  const std::uint64_t table = Room((fields_.size() + 1) * sizeof(Entry));
  std::memcpy(memory_.data() + table, fields_.data(), fields_.size() * sizeof(Entry));
  const std::uint64_t types = Room(3 * 16);
  Set(types, Text("Other"));
  Set(types + 8, 1);
  Set(types + 16, Text("JVMFlag"));
  Set(types + 24, kFlagBytes);
  return {
      {"gHotSpotVMStructs", Word(table)},
      {"gHotSpotVMStructEntryArrayStride", Word(sizeof(Entry))},
      {"gHotSpotVMStructEntryTypeNameOffset", Word(offsetof(Entry, type))},
      {"gHotSpotVMStructEntryFieldNameOffset", Word(offsetof(Entry, field))},
      {"gHotSpotVMStructEntryTypeStringOffset", Word(offsetof(Entry, of))},
      {"gHotSpotVMStructEntryIsStaticOffset", Word(offsetof(Entry, is_static))},
      {"gHotSpotVMStructEntryOffsetOffset", Word(offsetof(Entry, offset))},
      {"gHotSpotVMStructEntryAddressOffset", Word(offsetof(Entry, address))},
      {"gHotSpotVMTypes", Word(types)},
      {"gHotSpotVMTypeEntryArrayStride", Word(16)},
      {"gHotSpotVMTypeEntryTypeNameOffset", Word(0)},
      {"gHotSpotVMTypeEntrySizeOffset", Word(8)},
  };
}

MadeVm MakeJava17() {
  MadeVm vm;
  const std::uint64_t heap = vm.Room(64);
  vm.Set(heap + 32, 0x600000000);
  vm.Set(heap + 40, 0x1000);  // words
  vm.Static("Universe", "_collectedHeap", heap);
  vm.Field("CollectedHeap", "_reserved", 32, "MemRegion");
  vm.Static("CompressedKlassPointers", "_narrow_klass._base", 0x7f0000000000);
  vm.Static("CompressedKlassPointers", "_narrow_klass._shift", 0);
  vm.Static("CompressedOops", "_narrow_oop._base", 0);
  vm.Static("CompressedOops", "_narrow_oop._shift", 3);
  vm.Field("JavaThread", "_osthread", 560);
  vm.Field("JavaThread", "_stack_base", 592);
  vm.Field("JavaThread", "_threadObj", 648, "OopHandle");
  vm.Field("OSThread", "_pthread_id", 24);
  vm.Field("Klass", "_name", 24);
  vm.Field("Klass", "_super", 120);
  vm.Field("Symbol", "_length", 4);
  vm.Field("Symbol", "_body[0]", 6);
  vm.Field("Thread", "_tlab", 256);
  vm.Field("ThreadLocalAllocBuffer", "_start", 0);
  vm.Field("ThreadLocalAllocBuffer", "_top", 8);
  vm.Flag("UseCompressedOops", true);
  vm.Flag("UseCompressedClassPointers", true);
  vm.Flag("UseTLAB", true);
  vm.Flag("UseSerialGC", false);
  return vm;
}

}  // namespace clew::runtime
