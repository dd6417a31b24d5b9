#include "tests/unit/agent/runtime/made_module.h"

#include <elf.h>

#include <cstring>
#include <vector>

namespace clew::runtime {
namespace {

constexpr std::uint64_t kStubs = 0x80000;
constexpr std::uint64_t kHeaders = 0x1000;  // bytes in front of the code

template <typename T>
std::string Bytes(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

Elf64_Shdr Section(std::uint32_t type, std::uint64_t offset, std::uint64_t size) {
  Elf64_Shdr section{};
  section.sh_type = type;
  section.sh_offset = offset;
  section.sh_size = size;
  return section;
}

}  // namespace

std::uint64_t MadeModule::Code(const std::string& bytes) {
  const std::uint64_t address = kCode + code_.size();
  code_ += bytes;
  return address;
}

std::uint64_t MadeModule::Data(const std::string& bytes) {
  const std::uint64_t address = kData + data_.size();
  data_ += bytes;
  data_.resize((data_.size() + 7) / 8 * 8);
  return address;
}

std::uint64_t MadeModule::Stub(const std::string& import) {
  const std::uint64_t slot = Data(std::string(8, '\0'));
  imports_[slot] = import;
  const std::uint64_t address = kStubs + stubs_.size();
  stubs_ += "\xf3\x0f\x1e\xfa\xff\x25" + Bytes(static_cast<std::int32_t>(slot - (address + 10)));
  stubs_.resize((stubs_.size() + 15) / 16 * 16, '\x90');
  return address;
}

std::uint64_t MadeModule::Call(std::uint64_t target) {
  const std::uint64_t next = kCode + code_.size() + 5;
  return Code("\xe8" + Bytes(static_cast<std::int32_t>(target - next)));
}

std::uint64_t MadeModule::OffsetOf(std::uint64_t address) { return kHeaders + (address - kCode); }

std::string MadeModule::File() const {
  std::string symbols(sizeof(Elf64_Sym), '\0'), names(1, '\0'), relocations;
  for (const auto& [address, target] : pointers_) {
    relocations += Bytes(Elf64_Rela{address, R_X86_64_RELATIVE, static_cast<Elf64_Sxword>(target)});
  }
  for (const auto& [slot, name] : imports_) {
    const std::uint64_t index = symbols.size() / sizeof(Elf64_Sym);
    relocations += Bytes(Elf64_Rela{slot, ELF64_R_INFO(index, R_X86_64_JUMP_SLOT), 0});
    Elf64_Sym symbol{};
    symbol.st_name = static_cast<Elf64_Word>(names.size());
    symbols += Bytes(symbol);
    names += name + '\0';
  }
  const std::string section_names("\0.text\0", 7);
  std::string body;
  const auto place = [&](const std::string& bytes) {
    const std::uint64_t at = kHeaders + body.size();
    body += bytes;
    return at;
  };
  const std::uint64_t code_at = place(code_), stubs_at = place(stubs_), data_at = place(data_);
  std::vector<Elf64_Shdr> sections(6);
  sections[1] = Section(SHT_PROGBITS, code_at, code_.size());
  sections[1].sh_name = 1;
  sections[1].sh_flags = SHF_EXECINSTR;
  sections[1].sh_addr = kCode;
  sections[2] = Section(SHT_RELA, place(relocations), relocations.size());
  sections[2].sh_entsize = sizeof(Elf64_Rela);
  sections[2].sh_link = 3;
  sections[3] = Section(SHT_DYNSYM, place(symbols), symbols.size());
  sections[3].sh_link = 4;
  sections[4] = Section(SHT_STRTAB, place(names), names.size());
  sections[5] = Section(SHT_STRTAB, place(section_names), section_names.size());
  const auto segment = [](std::uint64_t offset, std::uint64_t address, std::size_t size, bool code) {
    Elf64_Phdr header{};
    header.p_type = PT_LOAD;
    header.p_flags = code ? PF_R | PF_X : PF_R | PF_W;
    header.p_offset = offset;
    header.p_vaddr = address;
    header.p_filesz = size;
    return header;
  };
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 3;
  header.e_phoff = sizeof(header);
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = static_cast<Elf64_Half>(sections.size());
  header.e_shstrndx = 5;
  header.e_shoff = sizeof(header) + 3 * sizeof(Elf64_Phdr);
  std::string out = Bytes(header) + Bytes(segment(code_at, kCode, code_.size(), true)) +
                    Bytes(segment(stubs_at, kStubs, stubs_.size(), true)) +
                    Bytes(segment(data_at, kData, data_.size(), false));
  for (const Elf64_Shdr& section : sections) out += Bytes(section);
  out.resize(kHeaders);
  return out + body;
}

}  // namespace clew::runtime
