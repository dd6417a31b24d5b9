#include "agent/runtime/python_types.h"

namespace clew::runtime {
namespace {

constexpr std::uint64_t kPointer = 8;
constexpr int kMaxSlots = 128;
constexpr int kMaxMembers = 256;

// A member of a type: where it is in a PyTypeObject, and its number in the slots of a PyType_Spec.
struct Slot {
  std::uint64_t in_type;
  std::uint32_t number;
};
constexpr Slot kInit{296, 60};
constexpr Slot kMethods{232, 64};
constexpr Slot kGetSet{248, 73};

constexpr std::uint64_t kTypeName = 24;    // PyTypeObject.tp_name
constexpr std::uint64_t kSpecSlots = 24;   // PyType_Spec.slots, behind the name
constexpr std::uint64_t kSlotSize = 16;    // PyType_Slot { int slot; void *pfunc; }
constexpr std::uint64_t kMethodSize = 32;  // PyMethodDef { name, meth, flags, doc }
constexpr std::uint64_t kGetSetSize = 40;  // PyGetSetDef { name, get, set, doc, closure }

bool IsCode(const ElfImage& module, std::uint64_t address) {
  return module.CodeOffset(address).has_value();
}

std::optional<std::uint64_t> SlotInSpec(const ElfImage& module, std::uint64_t slots, Slot wanted) {
  for (int i = 0; i < kMaxSlots; ++i, slots += kSlotSize) {
    const auto number = module.Word32At(slots);
    if (!number || *number == 0) return std::nullopt;
    if (*number == wanted.number) return module.PointerAt(slots + kPointer);
  }
  return std::nullopt;
}

// What the type called `type` has in `wanted`. `name_at` is a pointer to its name; a type has its
// destructor 24 bytes behind that, a specification the table of its slots.
std::optional<std::uint64_t> SlotOf(const ElfImage& module, std::uint64_t name_at, Slot wanted) {
  const auto behind = module.PointerAt(name_at + kSpecSlots);
  if (!behind) return std::nullopt;
  if (IsCode(module, *behind)) return module.PointerAt(name_at - kTypeName + wanted.in_type);
  return SlotInSpec(module, *behind, wanted);
}

std::optional<std::uint64_t> FindSlot(const ElfImage& module, std::string_view type, Slot wanted) {
  std::optional<std::uint64_t> found;
  for (const std::uint64_t name_at : module.PointersTo(type)) {
    const auto slot = SlotOf(module, name_at, wanted);
    if (!slot) continue;
    if (found && *found != *slot) return std::nullopt;
    found = slot;
  }
  return found;
}

// The function of the entry called `name` in a table of named entries, which ends with a nameless one.
std::optional<std::uint64_t> FindMember(const ElfImage& module, std::optional<std::uint64_t> table,
                                        std::uint64_t entry_size, std::string_view name) {
  if (!table) return std::nullopt;
  std::uint64_t at = *table;
  for (int i = 0; i < kMaxMembers; ++i, at += entry_size) {
    const auto entry_name = module.PointerAt(at);
    if (!entry_name) return std::nullopt;
    if (!module.HasString(*entry_name, name)) continue;
    const auto function = module.PointerAt(at + kPointer);
    return function && IsCode(module, *function) ? function : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> FindInit(const ElfImage& module, std::string_view type) {
  const auto function = FindSlot(module, type, kInit);
  return function && IsCode(module, *function) ? function : std::nullopt;
}

std::optional<std::uint64_t> FindMethod(const ElfImage& module, std::string_view type,
                                        std::string_view method) {
  return FindMember(module, FindSlot(module, type, kMethods), kMethodSize, method);
}

std::optional<std::uint64_t> FindGetter(const ElfImage& module, std::string_view type,
                                        std::string_view attribute) {
  return FindMember(module, FindSlot(module, type, kGetSet), kGetSetSize, attribute);
}

}  // namespace clew::runtime
