// What tells processes apart: containers and Go binaries.
#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>

#include "agent/process/container_id.h"
#include "agent/process/go_binary.h"

namespace clew::process {
namespace {

const std::string kId(64, 'a');

TEST(ContainerId, IsFoundInEveryRuntimesPath) {
  for (const std::string& path :
       {"/docker/" + kId, "/system.slice/docker-" + kId + ".scope",
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-" +
            kId + ".scope",
        "/kubepods/burstable/pod8d7f/" + kId, "/kubepods.slice/crio-" + kId + ".scope",
        "/machine.slice/libpod-" + kId + ".scope/container",
        "/system.slice/docker-" + kId + ".scope/init.scope"}) {
    EXPECT_EQ(ContainerIdOfCgroup(path), kId) << path;
  }
}

TEST(ContainerId, IsNotMadeUp) {
  for (const std::string& path :
       {std::string(), std::string("/"), std::string("/user.slice/user-1000.slice/session-2.scope"),
        "/machine.slice/libpod-conmon-" + kId + ".scope", "/docker/" + kId.substr(1),
        "/docker/" + kId + "a", "/docker/" + std::string(64, 'A')}) {
    EXPECT_EQ(ContainerIdOfCgroup(path), "") << path;
  }
}

// An ELF file of section headers alone: null, the section named, the names.
std::string ElfWithSection(const std::string& name) {
  const std::string names = std::string(1, '\0') + name + '\0' + ".shstrtab" + '\0';
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 3;
  header.e_shstrndx = 2;
  header.e_shoff = sizeof(header) + names.size();
  Elf64_Shdr sections[3] = {};
  sections[1].sh_name = 1;
  sections[1].sh_type = SHT_PROGBITS;
  sections[2].sh_name = static_cast<Elf64_Word>(name.size() + 2);
  sections[2].sh_type = SHT_STRTAB;
  sections[2].sh_offset = sizeof(header);
  sections[2].sh_size = names.size();
  std::string out(reinterpret_cast<const char*>(&header), sizeof(header));
  out += names;
  out.append(reinterpret_cast<const char*>(sections), sizeof(sections));
  return out;
}

TEST(GoBinary, IsKnownByItsBuildInformation) {
  EXPECT_TRUE(HasGoBuildInfo(ElfWithSection(".go.buildinfo")));
  EXPECT_FALSE(HasGoBuildInfo(ElfWithSection(".go.buildinf")));
  EXPECT_FALSE(HasGoBuildInfo(ElfWithSection(".go.buildinfox")));
  EXPECT_FALSE(IsGoBinary("/proc/self/exe"));
}

TEST(GoBinary, TruncatedAndCorruptedFilesAreNone) {
  const std::string elf = ElfWithSection(".go.buildinfo");
  for (std::size_t n = 0; n < elf.size(); ++n)
    EXPECT_FALSE(HasGoBuildInfo(std::string_view(elf).substr(0, n))) << n;
  for (std::size_t i = 0; i < elf.size(); ++i) {
    std::string corrupt = elf;
    corrupt[i] = static_cast<char>(0xff);
    HasGoBuildInfo(corrupt);  // any answer, no crash: the sanitizers watch
  }
}

}  // namespace
}  // namespace clew::process
