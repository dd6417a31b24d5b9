#include "agent/runtime/elf_symbols.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>

#include "agent/runtime/name_table.h"

namespace clew::runtime {
namespace {

using process::ReadAt;
using Names = std::vector<std::string_view>;

constexpr std::uint64_t kMaxTable = 64 << 20;  // bytes; Node.js has 7 MB of names
constexpr int kMaxTables = 2;                   // .symtab and .dynsym
constexpr std::size_t kChunk = 2048 * sizeof(Elf64_Sym);  // read at a time

// What a name stands for.
struct Symbol {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  bool ambiguous = false;
};

// By the index of their names.
using Symbols = std::map<std::size_t, Symbol>;

// Those of one table that are of `type`, STT_...
void SearchTable(const ReadAt& read_at, const Elf64_Shdr& table, unsigned char type,
                 const std::unordered_map<std::uint64_t, std::size_t>& names, Symbols& symbols) {
  std::vector<Elf64_Sym> chunk;
  for (std::uint64_t at = 0; at < table.sh_size; at += kChunk) {
    chunk.resize(std::min<std::uint64_t>(kChunk, table.sh_size - at) / sizeof(Elf64_Sym));
    if (!read_at(table.sh_offset + at, chunk.data(), chunk.size() * sizeof(Elf64_Sym))) return;
    for (const Elf64_Sym& symbol : chunk) {
      if (ELF64_ST_TYPE(symbol.st_info) != type || symbol.st_shndx == SHN_UNDEF) continue;
      const auto name = names.find(symbol.st_name);
      if (name == names.end()) continue;
      const auto [known, fresh] =
          symbols.try_emplace(name->second, Symbol{symbol.st_value, symbol.st_size});
      if (!fresh && known->second.address != symbol.st_value) known->second.ambiguous = true;
    }
  }
}

// Where in the file the code at `address` lies.
std::optional<std::uint64_t> OffsetOf(const std::vector<Elf64_Phdr>& segments,
                                      std::uint64_t address) {
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    if (address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz) continue;
    const std::uint64_t offset = segment.p_offset + (address - segment.p_vaddr);
    if (offset >= segment.p_offset) return offset;
  }
  return std::nullopt;
}

Symbols FindSymbols(const ReadAt& read_at, unsigned char type, const Names& names) {
  const auto sections = process::ReadSections(read_at).headers;
  Symbols symbols;
  int tables = 0;
  for (const Elf64_Shdr& table : sections) {
    if (table.sh_type != SHT_SYMTAB && table.sh_type != SHT_DYNSYM) continue;
    if (table.sh_entsize != sizeof(Elf64_Sym) || table.sh_link >= sections.size()) continue;
    const Elf64_Shdr& strings = sections[table.sh_link];
    if (strings.sh_type != SHT_STRTAB || strings.sh_size > kMaxTable || table.sh_size > kMaxTable)
      continue;
    if (++tables > kMaxTables) break;
    const auto found = FindNames(read_at, strings.sh_offset, strings.sh_size, names);
    if (!found.empty()) SearchTable(read_at, table, type, found, symbols);
  }
  return symbols;
}

}  // namespace

std::map<std::string, Function, std::less<>> FindFunctions(const ReadAt& read_at,
                                                           const Names& names) {
  const auto segments = process::ReadSegments(read_at);
  std::map<std::string, Function, std::less<>> functions;
  for (const auto& [index, symbol] : FindSymbols(read_at, STT_FUNC, names)) {
    const auto offset = OffsetOf(segments, symbol.address);
    if (!symbol.ambiguous && offset)
      functions[std::string(names[index])] = Function{*offset, symbol.size};
  }
  return functions;
}

std::map<std::string, std::uint64_t, std::less<>> FindVariables(const ReadAt& read_at,
                                                                const Names& names) {
  std::map<std::string, std::uint64_t, std::less<>> variables;
  for (const auto& [index, symbol] : FindSymbols(read_at, STT_OBJECT, names)) {
    if (!symbol.ambiguous) variables[std::string(names[index])] = symbol.address;
  }
  return variables;
}

}  // namespace clew::runtime
