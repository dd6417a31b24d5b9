#include "agent/process/elf_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string>

namespace clew::process {
namespace {

constexpr std::uint16_t kMaxHeaders = 4096;      // a binary with debug information has about 40
constexpr std::uint64_t kMaxNames = 256 * 1024;  // bytes of section names

std::optional<Elf64_Ehdr> ReadHeader(const ReadAt& read_at) {
  Elf64_Ehdr header;
  if (!read_at(0, &header, sizeof(header))) return std::nullopt;
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB) {
    return std::nullopt;
  }
  return header;
}

template <typename T>
std::vector<T> ReadTable(const ReadAt& read_at, std::uint64_t offset, std::uint16_t count,
                         std::uint16_t entry_size) {
  if (entry_size != sizeof(T) || count > kMaxHeaders) return {};
  std::vector<T> table(count);
  if (!read_at(offset, table.data(), table.size() * sizeof(T))) return {};
  return table;
}

}  // namespace

ReadAt ReadFrom(std::string_view bytes) {
  return [bytes](std::uint64_t offset, void* out, std::size_t size) {
    if (offset > bytes.size() || size > bytes.size() - offset) return false;
    if (size != 0) std::memcpy(out, bytes.data() + offset, size);
    return true;
  };
}

ReadAt ReadFrom(const Fd& fd) {
  return [&fd](std::uint64_t offset, void* out, std::size_t size) {
    if (offset > static_cast<std::uint64_t>(INT64_MAX)) return false;
    return pread(fd.get(), out, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
  };
}

Fd OpenRegular(const char* path) {
  Fd fd(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!fd.valid() || fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return Fd();
  return fd;
}

ElfSections ReadSections(const ReadAt& read_at) {
  const auto header = ReadHeader(read_at);
  if (!header || header->e_shstrndx >= header->e_shnum) return {};
  return {ReadTable<Elf64_Shdr>(read_at, header->e_shoff, header->e_shnum, header->e_shentsize),
          header->e_shstrndx};
}

std::optional<Elf64_Shdr> FindSection(const ReadAt& read_at, std::string_view name) {
  const ElfSections sections = ReadSections(read_at);
  if (sections.headers.empty()) return std::nullopt;
  const Elf64_Shdr& names_at = sections.headers[sections.names];
  if (names_at.sh_type != SHT_STRTAB || names_at.sh_size > kMaxNames) return std::nullopt;
  std::string names(names_at.sh_size, '\0');
  if (!read_at(names_at.sh_offset, names.data(), names.size())) return std::nullopt;
  for (const Elf64_Shdr& section : sections.headers) {
    if (section.sh_name >= names.size()) continue;
    const std::string_view rest = std::string_view(names).substr(section.sh_name);
    if (rest.substr(0, rest.find('\0')) == name) return section;
  }
  return std::nullopt;
}

std::vector<Elf64_Phdr> ReadSegments(const ReadAt& read_at) {
  const auto header = ReadHeader(read_at);
  if (!header) return {};
  return ReadTable<Elf64_Phdr>(read_at, header->e_phoff, header->e_phnum, header->e_phentsize);
}

}  // namespace clew::process
