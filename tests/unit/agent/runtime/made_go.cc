#include "tests/unit/agent/runtime/made_go.h"

#include <elf.h>

#include <cstring>

namespace clew::runtime {
namespace {

constexpr std::size_t kAlignment = 16;
constexpr std::size_t kHeader = 72;  // of the table

template <typename T>
void Append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

std::vector<MadeGoFunction> WithFiller(const MadeGo& made) {
  std::vector<MadeGoFunction> all;
  for (std::size_t i = 0; i < made.filler; ++i)
    all.push_back({"filler" + std::to_string(i), "\xc3"});
  all.insert(all.end(), made.functions.begin(), made.functions.end());
  return all;
}

// Go's code and where its functions begin, and behind the last one's end.
struct Text {
  std::string code;
  std::vector<std::uint32_t> entries;
};

Text MakeText(const std::vector<MadeGoFunction>& functions) {
  Text text;
  for (const MadeGoFunction& function : functions) {
    text.entries.push_back(static_cast<std::uint32_t>(text.code.size()));
    text.code += function.code;
    text.code.resize((text.code.size() + kAlignment - 1) / kAlignment * kAlignment, '\xcc');
  }
  text.entries.push_back(static_cast<std::uint32_t>(text.code.size()));
  for (std::size_t i = 0; i < functions.size(); ++i) {
    for (std::size_t callee = 0; !functions[i].calls.empty() && callee < functions.size();
         ++callee) {
      if (functions[callee].name != functions[i].calls) continue;
      const std::size_t at = text.entries[i] + functions[i].call_at;
      const auto distance = static_cast<std::int32_t>(text.entries[callee] - (at + 5));
      std::memcpy(text.code.data() + at + 1, &distance, sizeof(distance));
      break;
    }
  }
  return text;
}

std::string MakeTable(const MadeGo& made, const std::vector<MadeGoFunction>& functions,
                      const std::vector<std::uint32_t>& entries) {
  std::string names, table, infos;
  for (std::size_t i = 0; i < functions.size(); ++i) {
    Append(table, entries[i]);
    Append(table, static_cast<std::uint32_t>(8 * functions.size() + 8 + infos.size()));
    Append(infos, entries[i]);
    Append(infos, static_cast<std::uint32_t>(names.size()));
    names += functions[i].name + '\0';
  }
  Append(table, entries.back());
  Append(table, std::uint32_t{0});
  std::string out;
  Append(out, made.magic);
  out += std::string("\0\0\1\x08", 4);
  for (const std::uint64_t word :
       {functions.size(), std::size_t{0}, std::size_t{0}, kHeader, kHeader + names.size(),
        std::size_t{0}, std::size_t{0}, kHeader + names.size()}) {
    Append(out, word);
  }
  return out + names + table + infos;
}

}  // namespace

std::string MakeGoElf(const MadeGo& made) {
  const auto functions = WithFiller(made);
  const Text text = MakeText(functions);
  const std::string table = MakeTable(made, functions, text.entries);
  const std::string names("\0.text\0.gopclntab\0", 18);
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 4;
  header.e_shstrndx = 3;
  header.e_shoff = sizeof(header);
  Elf64_Shdr sections[4] = {};
  sections[1].sh_name = 1;
  sections[1].sh_type = SHT_PROGBITS;
  sections[1].sh_offset = kMadeGoText;
  sections[1].sh_size = made.before + text.code.size();
  sections[2].sh_name = 7;
  sections[2].sh_type = SHT_PROGBITS;
  sections[2].sh_offset = kMadeGoText + sections[1].sh_size;
  sections[2].sh_size = table.size();
  sections[3].sh_type = SHT_STRTAB;
  sections[3].sh_offset = sizeof(header) + sizeof(sections);
  sections[3].sh_size = names.size();
  std::string out;
  Append(out, header);
  out.append(reinterpret_cast<const char*>(sections), sizeof(sections));
  out += names;
  out.resize(kMadeGoText, '\0');
  return out + std::string(made.before, '\x90') + text.code + table;
}

}  // namespace clew::runtime
