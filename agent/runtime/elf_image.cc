#include "agent/runtime/elf_image.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace clew::runtime {
namespace {

constexpr std::uint64_t kMaxBytes = 16 << 20;        // of all segments; CPython's modules have 0.1 MB
constexpr std::uint64_t kMaxRelocations = 1 << 18;   // of all tables
constexpr std::size_t kMaxName = 128;                // of an imported function
constexpr std::size_t kMaxImports = 8192;

template <typename T>
std::optional<T> Load(std::string_view bytes) {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

std::string ReadName(const process::ReadAt& read_at, const Elf64_Shdr& strings,
                     std::uint64_t at) {
  if (at >= strings.sh_size) return {};
  std::array<char, kMaxName> name{};
  const std::size_t size = std::min<std::uint64_t>(name.size(), strings.sh_size - at);
  if (strings.sh_offset > UINT64_MAX - at || !read_at(strings.sh_offset + at, name.data(), size))
    return {};
  const auto end = std::find(name.begin(), name.begin() + size, '\0');
  return end == name.begin() + size ? std::string() : std::string(name.begin(), end);
}

}  // namespace

std::optional<ElfImage> ElfImage::Read(const process::ReadAt& read_at) {
  ElfImage image;
  if (!image.ReadSegments(read_at)) return std::nullopt;
  const process::ElfSections sections = process::ReadSections(read_at);
  image.ReadRelocations(read_at, sections);
  if (sections.names >= sections.headers.size()) return image;
  for (const Elf64_Shdr& section : sections.headers) {
    if (section.sh_type != SHT_PROGBITS || (section.sh_flags & SHF_EXECINSTR) == 0) continue;
    if (ReadName(read_at, sections.headers[sections.names], section.sh_name) != ".text") continue;
    image.text_address_ = section.sh_addr;
    image.text_size_ = section.sh_size;
  }
  return image;
}

bool ElfImage::ReadSegments(const process::ReadAt& read_at) {
  std::uint64_t total = 0;
  for (const Elf64_Phdr& header : process::ReadSegments(read_at)) {
    if (header.p_type != PT_LOAD) continue;
    if (header.p_filesz > kMaxBytes - total || header.p_vaddr > UINT64_MAX - header.p_filesz ||
        header.p_offset > UINT64_MAX - header.p_filesz) {
      return false;
    }
    total += header.p_filesz;
    Segment segment{header.p_vaddr, header.p_offset, (header.p_flags & PF_X) != 0,
                    std::string(header.p_filesz, '\0')};
    if (!read_at(header.p_offset, segment.bytes.data(), segment.bytes.size())) return false;
    segments_.push_back(std::move(segment));
  }
  return !segments_.empty();
}

void ElfImage::ReadRelocations(const process::ReadAt& read_at,
                               const process::ElfSections& sections) {
  std::uint64_t left = kMaxRelocations;
  for (const Elf64_Shdr& table : sections.headers) {
    if (table.sh_type != SHT_RELA || table.sh_entsize != sizeof(Elf64_Rela)) continue;
    const std::uint64_t count = table.sh_size / sizeof(Elf64_Rela);
    if (count > left) return;
    left -= count;
    std::vector<Elf64_Rela> relocations(count);
    if (!read_at(table.sh_offset, relocations.data(), count * sizeof(Elf64_Rela))) return;
    for (const Elf64_Rela& relocation : relocations)
      ReadRelocation(read_at, sections, table, relocation);
  }
}

void ElfImage::ReadRelocation(const process::ReadAt& read_at, const process::ElfSections& sections,
                              const Elf64_Shdr& table, const Elf64_Rela& relocation) {
  const auto type = ELF64_R_TYPE(relocation.r_info);
  if (type == R_X86_64_RELATIVE) {
    pointers_[relocation.r_offset] = static_cast<std::uint64_t>(relocation.r_addend);
    return;
  }
  if (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT) return;
  if (table.sh_link >= sections.headers.size() || imports_.size() >= kMaxImports) return;
  const Elf64_Shdr& symbols = sections.headers[table.sh_link];
  const std::uint64_t index = ELF64_R_SYM(relocation.r_info);
  if (symbols.sh_type != SHT_DYNSYM || symbols.sh_link >= sections.headers.size() ||
      index >= symbols.sh_size / sizeof(Elf64_Sym) ||
      symbols.sh_offset > UINT64_MAX - symbols.sh_size) {
    return;
  }
  Elf64_Sym symbol;
  if (!read_at(symbols.sh_offset + index * sizeof(symbol), &symbol, sizeof(symbol))) return;
  std::string name = ReadName(read_at, sections.headers[symbols.sh_link], symbol.st_name);
  if (!name.empty()) imports_[relocation.r_offset] = std::move(name);
}

const ElfImage::Segment* ElfImage::SegmentOf(std::uint64_t address) const {
  for (const Segment& segment : segments_) {
    if (address >= segment.address && address - segment.address < segment.bytes.size())
      return &segment;
  }
  return nullptr;
}

std::string_view ElfImage::BytesAt(std::uint64_t address) const {
  const Segment* segment = SegmentOf(address);
  if (segment == nullptr) return {};
  return std::string_view(segment->bytes).substr(address - segment->address);
}

std::optional<std::uint64_t> ElfImage::PointerAt(std::uint64_t address) const {
  const auto found = pointers_.find(address);
  return found == pointers_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::uint64_t> ElfImage::PointersTo(std::string_view text) const {
  std::vector<std::uint64_t> found;
  for (const auto& [address, target] : pointers_) {
    if (HasString(target, text)) found.push_back(address);
  }
  return found;
}

bool ElfImage::HasString(std::uint64_t address, std::string_view text) const {
  const std::string_view bytes = BytesAt(address);
  return bytes.size() > text.size() && bytes.starts_with(text) && bytes[text.size()] == '\0';
}

std::optional<std::uint32_t> ElfImage::Word32At(std::uint64_t address) const {
  return Load<std::uint32_t>(BytesAt(address));
}

std::span<const std::uint8_t> ElfImage::CodeAt(std::uint64_t address, std::size_t most) const {
  const Segment* segment = SegmentOf(address);
  if (segment == nullptr || !segment->code) return {};
  const std::string_view bytes = BytesAt(address).substr(0, most);
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

std::optional<std::uint64_t> ElfImage::CodeOffset(std::uint64_t address) const {
  const Segment* segment = SegmentOf(address);
  if (segment == nullptr || !segment->code) return std::nullopt;
  return segment->offset + (address - segment->address);
}

ElfImage::Text ElfImage::MainCode() const {
  const auto code = CodeAt(text_address_, text_size_);
  return {text_address_, code};
}

std::string_view ElfImage::ImportAt(std::uint64_t address) const {
  // [endbr64] [bnd] jmp *slot(%rip), as every linker writes it.
  constexpr std::string_view kEndbr64 = "\xf3\x0f\x1e\xfa";
  constexpr std::size_t kStub = 16;
  const auto code = CodeAt(address, kStub);
  std::string_view stub(reinterpret_cast<const char*>(code.data()), code.size());
  const auto take = [&](std::string_view prefix) {
    const bool there = stub.starts_with(prefix);
    if (there) stub.remove_prefix(prefix.size());
    return there;
  };
  take(kEndbr64);
  take("\xf2");
  if (!take("\xff\x25")) return {};
  const auto distance = Load<std::int32_t>(stub);
  if (!distance) return {};
  const std::uint64_t next = address + (code.size() - stub.size()) + sizeof(*distance);
  const auto found = imports_.find(next + static_cast<std::uint64_t>(std::int64_t{*distance}));
  return found == imports_.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace clew::runtime
