#include "agent/process/go_binary.h"

#include <string>

#include "agent/process/elf_file.h"

namespace clew::process {
namespace {

constexpr std::uint64_t kMaxNames = 256 * 1024;  // bytes of section names

bool HasSection(const ReadAt& read_at, std::string_view wanted) {
  const ElfSections sections = ReadSections(read_at);
  if (sections.headers.empty()) return false;
  const Elf64_Shdr& names_at = sections.headers[sections.names];
  if (names_at.sh_type != SHT_STRTAB || names_at.sh_size > kMaxNames) return false;
  std::string names(names_at.sh_size, '\0');
  if (!read_at(names_at.sh_offset, names.data(), names.size())) return false;
  for (const Elf64_Shdr& section : sections.headers) {
    if (section.sh_name >= names.size()) continue;
    const std::string_view rest = std::string_view(names).substr(section.sh_name);
    if (rest.substr(0, rest.find('\0')) == wanted) return true;
  }
  return false;
}

constexpr std::string_view kBuildInfo = ".go.buildinfo";

}  // namespace

bool HasGoBuildInfo(std::string_view elf) { return HasSection(ReadFrom(elf), kBuildInfo); }

bool IsGoBinary(const char* path) {
  const Fd fd = OpenRegular(path);
  return fd.valid() && HasSection(ReadFrom(fd), kBuildInfo);
}

}  // namespace clew::process
