// Files that are mapped into a process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clew::process {

struct MappedFile {
  std::string path;           // as the process sees it
  std::uint64_t address = 0;  // where its first byte lies
};

// The first file called `name`, without folders, whose beginning is mapped. `maps` is
// /proc/PID/maps, of which a process chooses the paths.
std::optional<MappedFile> FindMapped(std::string_view maps, std::string_view name);

}  // namespace clew::process
