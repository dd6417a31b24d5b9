#include "agent/process/go_binary.h"

#include "agent/process/elf_file.h"

namespace clew::process {
namespace {

constexpr std::string_view kBuildInfo = ".go.buildinfo";

}  // namespace

bool HasGoBuildInfo(std::string_view elf) {
  return FindSection(ReadFrom(elf), kBuildInfo).has_value();
}

bool IsGoBinary(const char* path) {
  const Fd fd = OpenRegular(path);
  return fd.valid() && FindSection(ReadFrom(fd), kBuildInfo).has_value();
}

}  // namespace clew::process
