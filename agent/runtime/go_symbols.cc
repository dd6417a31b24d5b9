#include "agent/runtime/go_symbols.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "agent/runtime/name_table.h"

namespace clew::runtime {
namespace {

using process::ReadAt;

constexpr std::uint32_t kMagic118 = 0xfffffff0;  // Go 1.18 and 1.19
constexpr std::uint32_t kMagic120 = 0xfffffff1;  // since Go 1.20
constexpr std::uint64_t kMaxTable = 256 << 20;   // bytes; Kubernetes' programs have 30 MB
constexpr std::uint64_t kMaxFunctions = 4 << 20;
constexpr std::size_t kMaxSame = 8;  // functions of one name

struct Header {
  std::uint32_t magic;
  std::uint8_t pad[2];
  std::uint8_t min_instruction;
  std::uint8_t pointer_size;
  std::uint64_t functions;
  std::uint64_t files;
  std::uint64_t text_start;  // 0 in some, since Go 1.26 in all
  std::uint64_t names;       // offsets from the header
  std::uint64_t units;
  std::uint64_t file_table;
  std::uint64_t pc_table;
  std::uint64_t function_table;
};
static_assert(sizeof(Header) == 72);

struct TableEntry {
  std::uint32_t entry;  // from the beginning of Go's code
  std::uint32_t info;   // from the function table: where FunctionInfo is
};

struct FunctionInfo {
  std::uint32_t entry;
  std::int32_t name;  // offset in the table of names
};

// Reads mostly ascending places of a part of the file, a window at a time.
class WindowReader {
 public:
  // `begin` and `end` are offsets in the file.
  WindowReader(const ReadAt& read_at, std::uint64_t begin, std::uint64_t end)
      : read_at_(read_at),
        begin_(begin),
        size_(end - begin),
        loads_left_(16 + 4 * size_ / kWindow) {}

  // `at` counts from `begin`. nullopt: not all inside, or a file that makes us read all over it.
  template <typename T>
  std::optional<T> Read(std::uint64_t at) {
    if (at > size_ || sizeof(T) > size_ - at) return std::nullopt;
    if (at < loaded_ || at + sizeof(T) > loaded_ + window_.size()) {
      if (loads_left_-- == 0) return std::nullopt;
      loaded_ = at;
      window_.resize(std::min<std::uint64_t>(kWindow, size_ - at));
      if (!read_at_(begin_ + at, window_.data(), window_.size())) return std::nullopt;
    }
    T value;
    std::memcpy(&value, window_.data() + (at - loaded_), sizeof(T));
    return value;
  }

 private:
  static constexpr std::uint64_t kWindow = 64 * 1024;

  const ReadAt& read_at_;
  const std::uint64_t begin_;
  const std::uint64_t size_;
  std::uint64_t loads_left_;
  std::uint64_t loaded_ = 0;
  std::string window_;
};

bool IsSane(const Header& header, std::uint64_t size) {
  return (header.magic == kMagic118 || header.magic == kMagic120) && header.pad[0] == 0 &&
         header.pad[1] == 0 && header.pointer_size == 8 && header.functions <= kMaxFunctions &&
         header.names <= header.units && header.units <= size && header.function_table <= size;
}

}  // namespace

GoFunctions FindGoFunctions(const ReadAt& executable, const std::vector<std::string_view>& names) {
  const auto table = process::FindSection(executable, ".gopclntab");
  Header header;
  if (!table || table->sh_type == SHT_NOBITS || table->sh_size > kMaxTable ||
      table->sh_offset > UINT64_MAX - kMaxTable ||
      !executable(table->sh_offset, &header, sizeof(header)) || !IsSane(header, table->sh_size))
    return {};
  const auto wanted =
      FindNames(executable, table->sh_offset + header.names, header.units - header.names, names);
  if (wanted.empty()) return {};
  const std::uint64_t begin = table->sh_offset + header.function_table;
  const std::uint64_t end = table->sh_offset + table->sh_size;
  WindowReader entries(executable, begin, end);
  WindowReader infos(executable, begin, end);
  GoFunctions functions;
  for (std::uint64_t i = 0; i < header.functions; ++i) {
    // The table ends with an entry that only says where the last function ends.
    const auto entry = entries.Read<TableEntry>(i * sizeof(TableEntry));
    const auto next = entries.Read<std::uint32_t>((i + 1) * sizeof(TableEntry));
    const auto info = entry ? infos.Read<FunctionInfo>(entry->info) : std::nullopt;
    if (!info || !next || info->entry != entry->entry || *next < entry->entry) return {};
    const auto name = wanted.find(static_cast<std::uint64_t>(info->name));
    if (info->name < 0 || name == wanted.end()) continue;
    auto& same = functions[std::string(names[name->second])];
    if (same.size() >= kMaxSame) return {};
    same.push_back({entry->entry, *next - entry->entry});
  }
  return functions;
}

}  // namespace clew::runtime
