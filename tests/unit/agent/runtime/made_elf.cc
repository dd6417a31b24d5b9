#include "tests/unit/agent/runtime/made_elf.h"

#include <elf.h>

#include <cstring>

namespace clew::runtime {
namespace {

template <typename T>
void Append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace

std::string MakeElf(const std::vector<MadeFunction>& functions, std::size_t filler,
                    const std::vector<std::string>& needed) {
  std::string code, names(1, '\0'), symbols, dynamic;
  for (std::size_t i = 0; i < filler; ++i) Append(symbols, Elf64_Sym{});
  for (const MadeFunction& function : functions) {
    Elf64_Sym symbol{};
    symbol.st_name = static_cast<Elf64_Word>(names.size());
    symbol.st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC);
    symbol.st_shndx = 1;
    symbol.st_value = kMadeAddress + code.size() + function.shift;
    symbol.st_size = function.code.size();
    Append(symbols, symbol);
    names += function.name + '\0';
    code += function.code;
  }
  for (const std::string& library : needed) {
    Elf64_Dyn entry{};
    entry.d_tag = DT_NEEDED;
    entry.d_un.d_val = names.size();
    Append(dynamic, entry);
    names += library + '\0';
  }
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 1;
  header.e_phoff = sizeof(header);
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 4;
  header.e_shstrndx = 2;
  header.e_shoff = sizeof(header) + sizeof(Elf64_Phdr);
  const std::uint64_t data = header.e_shoff + 4 * sizeof(Elf64_Shdr);
  Elf64_Phdr segment{};
  segment.p_type = PT_LOAD;
  segment.p_flags = PF_X;
  segment.p_offset = data;
  segment.p_vaddr = kMadeAddress;
  segment.p_filesz = code.size();
  Elf64_Shdr sections[4] = {};
  sections[1].sh_type = SHT_SYMTAB;
  sections[1].sh_entsize = sizeof(Elf64_Sym);
  sections[1].sh_link = 2;
  sections[1].sh_offset = data + code.size() + names.size();
  sections[1].sh_size = symbols.size();
  sections[2].sh_type = SHT_STRTAB;
  sections[2].sh_offset = data + code.size();
  sections[2].sh_size = names.size();
  sections[3].sh_type = SHT_DYNAMIC;
  sections[3].sh_entsize = sizeof(Elf64_Dyn);
  sections[3].sh_link = 2;
  sections[3].sh_offset = sections[1].sh_offset + symbols.size();
  sections[3].sh_size = dynamic.size();
  std::string out;
  Append(out, header);
  Append(out, segment);
  out.append(reinterpret_cast<const char*>(sections), sizeof(sections));
  return out + code + names + symbols + dynamic;
}

}  // namespace clew::runtime
