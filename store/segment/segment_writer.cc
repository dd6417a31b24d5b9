#include "store/segment/segment_writer.h"

#include <xxhash.h>

#include "store/segment/packing.h"

namespace clew::store {

std::uint32_t SegmentCheck(std::string_view bytes) {
  return static_cast<std::uint32_t>(XXH3_64bits(bytes.data(), bytes.size()));
}

void SegmentWriter::PutBytes(Stream stream, std::string_view bytes) {
  if (bytes.empty()) return;
  const std::size_t begin = body_.size();
  PackBytes(bytes, body_);
  End(stream, begin);
}

void SegmentWriter::PutInts(Stream stream, std::span<const std::uint64_t> values) {
  if (values.empty()) return;
  const std::size_t begin = body_.size();
  PackInts(values, body_);
  End(stream, begin);
}

void SegmentWriter::PutStrings(Stream stream, std::span<const std::string_view> strings) {
  if (strings.empty()) return;
  const std::size_t begin = body_.size();
  std::vector<std::uint64_t> lengths;
  std::string text;
  for (const std::string_view string : strings) {
    lengths.push_back(string.size());
    text += string;
  }
  PackInts(lengths, body_);
  PackBytes(text, body_);
  End(stream, begin);
}

void SegmentWriter::PutColumn(Stream column, std::span<const std::uint32_t> ids,
                              const StringTable& strings) {
  std::vector<std::uint64_t> codes;
  std::vector<std::uint64_t> lengths;
  std::string text;
  codes.reserve(ids.size());
  for (const std::uint32_t id : ids) {
    const StringTable::Entry& entry = strings.at(id);
    codes.push_back(entry.code);
    if (entry.code != 0) continue;
    lengths.push_back(entry.text.size());
    text += entry.text;
  }
  PutInts(CodesOf(column), codes);
  PutInts(LengthsOf(column), lengths);
  PutBytes(TextOf(column), text);
}

void SegmentWriter::End(Stream stream, std::size_t begin) {
  const std::string_view bytes = std::string_view(body_).substr(begin);
  entries_.push_back({stream, bytes.size(), SegmentCheck(bytes)});
}

std::string SegmentWriter::Finish(std::uint32_t rows, std::uint32_t traces) const {
  std::string directory;
  AppendVarint(directory, rows);
  AppendVarint(directory, traces);
  AppendVarint(directory, entries_.size());
  for (const Entry& entry : entries_) {
    AppendVarint(directory, static_cast<std::uint32_t>(entry.stream));
    AppendVarint(directory, entry.size);
    AppendRaw(directory, entry.check);
  }
  std::string out(kSegmentMagic);
  out.push_back(static_cast<char>(kSegmentVersion));
  AppendRaw(out, static_cast<std::uint32_t>(directory.size()));
  out += directory;
  AppendRaw(out, SegmentCheck(directory));
  return out += body_;
}

}  // namespace clew::store
