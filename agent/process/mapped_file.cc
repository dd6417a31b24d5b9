#include "agent/process/mapped_file.h"

#include <algorithm>
#include <charconv>

namespace clew::process {
namespace {

// The next field of a line, which loses it and the spaces before it.
std::string_view NextField(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const std::string_view field = line.substr(0, line.find(' '));
  line.remove_prefix(field.size());
  return field;
}

std::optional<std::uint64_t> Hexadecimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// begin-end rights offset device inode path
std::optional<MappedFile> ReadLine(std::string_view line) {
  const std::string_view range = NextField(line);
  NextField(line);
  const auto offset = Hexadecimal(NextField(line));
  NextField(line);
  NextField(line);
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const auto begin = Hexadecimal(range.substr(0, range.find('-')));
  if (!begin || offset != 0 || !line.starts_with('/')) return std::nullopt;
  return MappedFile{std::string(line), *begin};
}

}  // namespace

std::optional<MappedFile> FindMapped(std::string_view maps, std::string_view name) {
  while (!maps.empty()) {
    const std::string_view line = maps.substr(0, maps.find('\n'));
    maps.remove_prefix(std::min(line.size() + 1, maps.size()));
    if (!line.ends_with(name)) continue;
    auto file = ReadLine(line);
    if (file && file->path.substr(file->path.rfind('/') + 1) == name) return file;
  }
  return std::nullopt;
}

}  // namespace clew::process
