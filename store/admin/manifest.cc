#include "store/admin/manifest.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/hex.h"
#include "store/admin/checksum.h"

namespace clew::store {
namespace {

constexpr std::string_view kMagic = "clew-backup ";
constexpr std::string_view kVersion = "1";
constexpr std::size_t kMaxName = 255;
constexpr std::size_t kSumDigits = 32;

template <typename T>
std::optional<T> ParseNumber(std::string_view text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  const bool one_spelling = text.size() == 1 || !text.starts_with('0');
  if (text.empty() || error != std::errc() || at != end || !one_spelling) return std::nullopt;
  return value;
}

bool IsSum(std::string_view text) { return text.size() == kSumDigits && IsLowerHex(text); }

// Takes lines off the head of a text.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text), rest_(text) {}
  std::size_t number() const { return number_; }
  std::string_view before() const { return text_.substr(0, text_.size() - rest_.size()); }
  bool empty() const { return rest_.empty(); }
  bool NextIs(std::string_view word) const { return rest_.starts_with(word); }

  // What follows `word` on the next line; nothing when that begins otherwise or does not end.
  std::optional<std::string_view> Take(std::string_view word) {
    ++number_;
    const std::size_t end = rest_.find('\n');
    if (end == rest_.npos || !NextIs(word)) return std::nullopt;
    const std::string_view line = rest_.substr(word.size(), end - word.size());
    rest_.remove_prefix(end + 1);
    return line;
  }
  template <typename T>
  bool TakeNumber(std::string_view word, T& value) {
    const auto text = Take(word);
    const auto number = text ? ParseNumber<T>(*text) : std::nullopt;
    if (number) value = *number;
    return number.has_value();
  }

 private:
  const std::string_view text_;
  std::string_view rest_;
  std::size_t number_ = 0;
};

std::optional<BackupFile> ParseFile(std::string_view line) {
  const std::size_t sum = line.find(' ');
  const std::size_t name = sum == line.npos ? sum : line.find(' ', sum + 1);
  if (name == line.npos) return std::nullopt;
  const auto size = ParseNumber<std::uint64_t>(line.substr(0, sum));
  BackupFile file{.name = std::string(line.substr(name + 1)),
                  .sum = std::string(line.substr(sum + 1, name - sum - 1))};
  if (!size || !IsSum(file.sum) || !IsBackupFileName(file.name)) return std::nullopt;
  file.size = *size;
  return file;
}

}  // namespace

bool IsBackupFileName(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= kMaxName && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), fits);
}

std::string FormatManifest(const BackupManifest& manifest) {
  std::string text(kMagic);
  text.append(kVersion).append("\n");
  text += "created " + std::to_string(ToUint64(manifest.created)) + "\n";
  text += "format " + std::to_string(manifest.format) + "\n";
  text += "spans " + std::to_string(manifest.spans) + "\n";
  for (const BackupFile& file : manifest.files) {
    text += "file " + std::to_string(file.size) + " " + file.sum + " " + file.name + "\n";
  }
  return text + "end " + ChecksumOf(text) + "\n";
}

Result<BackupManifest> ParseManifest(std::string_view text) {
  Lines lines(text);
  const auto wrong = [&lines](const char* what) {
    return Error{Code::kCorrupt, "line " + std::to_string(lines.number()) + ": " + what};
  };
  const auto version = lines.Take(kMagic);
  if (!version) return wrong("not the beginning of a backup's manifest");
  if (*version != kVersion) {
    return Error{Code::kUnsupported, "manifest of version " + std::string(version->substr(0, 20)) +
                                         "; this version of Clew reads version 1"};
  }
  BackupManifest manifest;
  std::int64_t created = 0;
  if (!lines.TakeNumber("created ", created) || created < 0) return wrong("no time");
  manifest.created = UnixNanos(std::chrono::nanoseconds(created));
  if (!lines.TakeNumber("format ", manifest.format)) return wrong("no store format");
  if (!lines.TakeNumber("spans ", manifest.spans)) return wrong("no number of spans");
  while (lines.NextIs("file ")) {
    const auto line = lines.Take("file ");
    auto file = line ? ParseFile(*line) : std::nullopt;
    if (!file) return wrong("not a file");
    if (!manifest.files.empty() && manifest.files.back().name >= file->name) {
      return wrong("names do not rise");
    }
    manifest.files.push_back(*std::move(file));
  }
  const std::string sum = ChecksumOf(lines.before());
  const auto end = lines.Take("end ");
  if (!end) return wrong("neither a file nor the end");
  if (*end != sum) return wrong("the checksum of the manifest is another");
  if (!lines.empty()) return wrong("something follows the end");
  return manifest;
}

}  // namespace clew::store
