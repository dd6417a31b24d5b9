#include "agent/runtime/vm_tables.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

namespace clew::runtime {
namespace {

using process::ReadAt;

constexpr std::size_t kMaxEntries = 16384;  // JDK 25 has 800 fields, 700 types, 1,500 flags
constexpr std::size_t kMaxEntryBytes = 256;
constexpr std::size_t kMaxText = 128;
constexpr std::uint64_t kPage = 4096;

// Where a table is, how long its entries are, and where these have what is read.
constexpr std::array<std::string_view, 8> kFieldVariables = {
    "gHotSpotVMStructs",
    "gHotSpotVMStructEntryArrayStride",
    "gHotSpotVMStructEntryTypeNameOffset",
    "gHotSpotVMStructEntryFieldNameOffset",
    "gHotSpotVMStructEntryTypeStringOffset",
    "gHotSpotVMStructEntryIsStaticOffset",
    "gHotSpotVMStructEntryOffsetOffset",
    "gHotSpotVMStructEntryAddressOffset",
};
constexpr std::array<std::string_view, 4> kTypeVariables = {
    "gHotSpotVMTypes",
    "gHotSpotVMTypeEntryArrayStride",
    "gHotSpotVMTypeEntryTypeNameOffset",
    "gHotSpotVMTypeEntrySizeOffset",
};

// The bytes of one entry of a table.
class Entry {
 public:
  bool Read(const ReadAt& memory, std::uint64_t address, std::uint64_t size) {
    size_ = static_cast<std::size_t>(size);
    return memory(address, bytes_.data(), size_);
  }
  // The word at `offset` in it; 0: that is outside of it.
  std::uint64_t Word(std::uint64_t offset) const { return Value<std::uint64_t>(offset); }
  std::uint32_t Word32(std::uint64_t offset) const { return Value<std::uint32_t>(offset); }

 private:
  template <typename T>
  T Value(std::uint64_t offset) const {
    T value = 0;
    if (offset <= size_ && sizeof(value) <= size_ - offset)
      std::memcpy(&value, bytes_.data() + offset, sizeof(value));
    return value;
  }

  std::array<char, kMaxEntryBytes> bytes_;
  std::size_t size_ = 0;
};

}  // namespace

std::optional<std::uint64_t> VmTables::Word(std::uint64_t address) const {
  std::uint64_t value = 0;
  if (!memory_(address, &value, sizeof(value))) return std::nullopt;
  return value;
}

// What cannot be read, or does not end, is empty.
std::string VmTables::Text(std::uint64_t address) const {
  std::string text;
  while (text.size() < kMaxText) {
    // The page behind may not be there.
    std::array<char, 64> piece;
    const std::size_t size = std::min<std::uint64_t>(piece.size(), kPage - address % kPage);
    if (!memory_(address, piece.data(), size)) return {};
    const auto* end = static_cast<const char*>(std::memchr(piece.data(), 0, size));
    text.append(piece.data(), end != nullptr ? static_cast<std::size_t>(end - piece.data()) : size);
    if (end != nullptr) return text;
    address += size;
  }
  return {};
}

// The values of the variables `names`, each a word of the machine. Empty: one of them is missing.
template <std::size_t kCount>
std::optional<std::array<std::uint64_t, kCount>> VmTables::Values(
    const Addresses& variables, const std::array<std::string_view, kCount>& names) const {
  std::array<std::uint64_t, kCount> values;
  for (std::size_t i = 0; i < kCount; ++i) {
    const auto variable = variables.find(names[i]);
    const auto value = variable == variables.end() ? std::nullopt : Word(variable->second);
    if (!value) return std::nullopt;
    values[i] = *value;
  }
  return values;
}

bool VmTables::ReadFields(const Addresses& variables) {
  const auto values = Values(variables, kFieldVariables);
  if (!values) return false;
  const auto [table, stride, type_at, field_at, of_at, static_at, offset_at, address_at] = *values;
  if (stride == 0 || stride > kMaxEntryBytes) return false;
  Entry entry;
  for (std::size_t i = 0; i < kMaxEntries; ++i) {
    if (!entry.Read(memory_, table + i * stride, stride)) return false;
    if (entry.Word(type_at) == 0) return true;
    const bool is_static = entry.Word32(static_at) != 0;
    fields_[{Text(entry.Word(type_at)), Text(entry.Word(field_at))}] =
        Field{is_static, entry.Word(is_static ? address_at : offset_at), Text(entry.Word(of_at))};
  }
  return false;
}

bool VmTables::ReadFlagSize(const Addresses& variables) {
  const auto values = Values(variables, kTypeVariables);
  if (!values) return false;
  const auto [table, stride, name_at, size_at] = *values;
  if (stride == 0 || stride > kMaxEntryBytes) return false;
  Entry entry;
  for (std::size_t i = 0; i < kMaxEntries; ++i) {
    if (!entry.Read(memory_, table + i * stride, stride) || entry.Word(name_at) == 0) return false;
    if (Text(entry.Word(name_at)) != "JVMFlag") continue;
    flag_size_ = entry.Word(size_at);
    return flag_size_ != 0 && flag_size_ <= kMaxEntryBytes;
  }
  return false;
}

std::vector<std::string_view> VmTables::Variables() {
  std::vector<std::string_view> names(kFieldVariables.begin(), kFieldVariables.end());
  names.insert(names.end(), kTypeVariables.begin(), kTypeVariables.end());
  return names;
}

std::optional<VmTables> VmTables::Read(const Addresses& variables, ReadAt memory) {
  VmTables tables(std::move(memory));
  if (!tables.ReadFields(variables) || !tables.ReadFlagSize(variables)) return std::nullopt;
  return tables;
}

const VmTables::Field* VmTables::Find(std::string_view type, std::string_view field) const {
  const auto found = fields_.find({std::string(type), std::string(field)});
  return found == fields_.end() ? nullptr : &found->second;
}

std::optional<std::uint32_t> VmTables::Offset(std::string_view type, std::string_view field) const {
  const Field* found = Find(type, field);
  if (found == nullptr || found->is_static ||
      found->where > std::numeric_limits<std::uint16_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(found->where);
}

std::optional<std::uint64_t> VmTables::Static(std::string_view type, std::string_view field) const {
  const Field* found = Find(type, field);
  return found != nullptr && found->is_static ? Word(found->where) : std::nullopt;
}

std::optional<std::uint32_t> VmTables::Static32(std::string_view type,
                                                std::string_view field) const {
  const Field* found = Find(type, field);
  std::uint32_t value = 0;
  if (found == nullptr || !found->is_static || !memory_(found->where, &value, sizeof(value)))
    return std::nullopt;
  return value;
}

bool VmTables::IsOf(std::string_view type, std::string_view field, std::string_view name) const {
  const Field* found = Find(type, field);
  return found != nullptr && found->type == name;
}

std::map<std::string, bool, std::less<>> VmTables::Flags(
    std::span<const std::string_view> names) const {
  std::map<std::string, bool, std::less<>> flags;
  const auto table = Static("JVMFlag", "flags"), count = Static("JVMFlag", "numFlags");
  const auto name_at = Offset("JVMFlag", "_name"), value_at = Offset("JVMFlag", "_addr");
  if (!table || !count || !name_at || !value_at) return flags;
  Entry entry;
  for (std::size_t i = 0; i < std::min<std::uint64_t>(*count, kMaxEntries); ++i) {
    if (!entry.Read(memory_, *table + i * flag_size_, flag_size_)) break;
    std::uint8_t value = 0;
    std::string text = Text(entry.Word(*name_at));
    if (std::find(names.begin(), names.end(), text) == names.end() ||
        !memory_(entry.Word(*value_at), &value, sizeof(value)))
      continue;
    flags[std::move(text)] = value != 0;
  }
  return flags;
}

}  // namespace clew::runtime
