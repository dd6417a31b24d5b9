#include "agent/runtime/elf_needed.h"

#include <string>
#include <vector>

namespace clew::runtime {
namespace {

constexpr std::uint64_t kMaxDynamic = 64 << 10;  // bytes; an executable with 100 libraries has 2 KB

// Whether a string of the table begins with `prefix` at `offset`.
bool BeginsAt(const process::ReadAt& executable, const Elf64_Shdr& strings, std::uint64_t offset,
              std::string_view prefix) {
  if (offset > strings.sh_size || prefix.size() > strings.sh_size - offset) return false;
  const std::uint64_t at = strings.sh_offset + offset;
  std::string text(prefix.size(), '\0');
  return at >= offset && executable(at, text.data(), text.size()) && text == prefix;
}

}  // namespace

bool NeedsLibrary(const process::ReadAt& executable, std::string_view prefix) {
  const auto sections = process::ReadSections(executable).headers;
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type != SHT_DYNAMIC || section.sh_entsize != sizeof(Elf64_Dyn)) continue;
    if (section.sh_size > kMaxDynamic || section.sh_link >= sections.size()) continue;
    const Elf64_Shdr& strings = sections[section.sh_link];
    if (strings.sh_type != SHT_STRTAB) continue;
    std::vector<Elf64_Dyn> entries(section.sh_size / sizeof(Elf64_Dyn));
    if (!executable(section.sh_offset, entries.data(), entries.size() * sizeof(Elf64_Dyn)))
      continue;
    for (const Elf64_Dyn& entry : entries) {
      if (entry.d_tag == DT_NEEDED && BeginsAt(executable, strings, entry.d_un.d_val, prefix))
        return true;
    }
  }
  return false;
}

}  // namespace clew::runtime
