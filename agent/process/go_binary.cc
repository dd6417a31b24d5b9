#include "agent/process/go_binary.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "base/fd.h"

namespace clew::process {
namespace {

constexpr std::uint16_t kMaxSections = 4096;     // a Go binary with debug information has about 40
constexpr std::uint64_t kMaxNames = 256 * 1024;  // bytes of section names

// Copies `size` bytes at `offset` of the file into `out`; false when they are not all there.
using ReadAt = std::function<bool(std::uint64_t offset, void* out, std::size_t size)>;

bool HasSection(const ReadAt& read_at, std::string_view wanted) {
  Elf64_Ehdr header;
  if (!read_at(0, &header, sizeof(header))) return false;
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB) {
    return false;
  }
  if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shnum == 0 ||
      header.e_shnum > kMaxSections || header.e_shstrndx >= header.e_shnum) {
    return false;
  }
  std::vector<Elf64_Shdr> sections(header.e_shnum);
  if (!read_at(header.e_shoff, sections.data(), sections.size() * sizeof(Elf64_Shdr))) return false;
  const Elf64_Shdr& names_at = sections[header.e_shstrndx];
  if (names_at.sh_type != SHT_STRTAB || names_at.sh_size > kMaxNames) return false;
  std::string names(names_at.sh_size, '\0');
  if (!read_at(names_at.sh_offset, names.data(), names.size())) return false;
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_name >= names.size()) continue;
    const std::string_view rest = std::string_view(names).substr(section.sh_name);
    if (rest.substr(0, rest.find('\0')) == wanted) return true;
  }
  return false;
}

constexpr std::string_view kBuildInfo = ".go.buildinfo";

}  // namespace

bool HasGoBuildInfo(std::string_view elf) {
  return HasSection(
      [elf](std::uint64_t offset, void* out, std::size_t size) {
        if (offset > elf.size() || size > elf.size() - offset) return false;
        std::memcpy(out, elf.data() + offset, size);
        return true;
      },
      kBuildInfo);
}

bool IsGoBinary(const char* path) {
  const Fd fd(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!fd.valid() || fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  return HasSection(
      [&fd](std::uint64_t offset, void* out, std::size_t size) {
        if (offset > static_cast<std::uint64_t>(INT64_MAX)) return false;
        return pread(fd.get(), out, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
      },
      kBuildInfo);
}

}  // namespace clew::process
