#include "store/segment/columns.h"

#include "store/segment/segment_writer.h"

namespace clew::store {
namespace {

// All streams of a segment together. The store's own need a tenth of it.
constexpr std::size_t kMaxMemory = 256u << 20;

[[noreturn]] void Damaged() { throw protozero::invalid_length_exception{}; }

}  // namespace

StringList::StringList(const IntColumn& lengths, std::string text) : text_(std::move(text)) {
  ends_.reserve(lengths.size());
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const std::uint64_t length = lengths.At(i);
    if (length > text_.size() - end) Damaged();
    end += length;
    ends_.push_back(static_cast<std::uint32_t>(end));
  }
  if (end != text_.size()) Damaged();
}

SegmentColumns::SegmentColumns(std::string bytes) : bytes_(std::move(bytes)) {
  VarintReader in(bytes_);
  if (in.Take(kSegmentMagic.size()) != kSegmentMagic || in.U8() != kSegmentVersion) Damaged();
  const std::size_t directory_size = in.U32le();
  const std::string_view directory = in.Take(directory_size);
  if (in.U32le() != SegmentCheck(directory)) Damaged();
  VarintReader entries(directory);
  rows_ = entries.VarintUpTo(kMaxSegmentRows);
  traces_ = entries.VarintUpTo(rows_);
  std::size_t offset = bytes_.size() - in.remaining();
  for (std::uint64_t left = entries.Count(); left > 0; --left) {
    const auto stream = static_cast<Stream>(entries.VarintUpTo(~std::uint32_t{0}));
    const std::size_t size = entries.VarintUpTo(bytes_.size() - offset);
    const bool is_new = places_.try_emplace(stream, Place{offset, size, entries.U32le()}).second;
    if (!is_new) Damaged();
    offset += size;
  }
  if (!entries.done() || offset != bytes_.size()) Damaged();
  memory_ = bytes_.size();
}

std::string_view SegmentColumns::Packed(Stream stream) const {
  const auto at = places_.find(stream);
  if (at == places_.end()) return {};
  const std::string_view packed =
      std::string_view(bytes_).substr(at->second.offset, at->second.size);
  if (SegmentCheck(packed) != at->second.check) Damaged();
  return packed;
}

void SegmentColumns::Account(std::size_t bytes) const {
  memory_ += bytes;
  if (memory_ > kMaxMemory) Damaged();
}

void SegmentColumns::Verify() const {
  for (const auto& [stream, unused] : places_) Packed(stream);
}

const std::string& SegmentColumns::Bytes(Stream stream) const {
  MutexLock lock(mutex_);
  auto& slot = byte_streams_[stream];
  if (slot == nullptr) {
    std::string bytes;
    if (const std::string_view packed = Packed(stream); !packed.empty()) {
      VarintReader in(packed);
      bytes = UnpackBytes(in);
      if (!in.done()) Damaged();
    }
    Account(bytes.size());
    slot = std::make_unique<const std::string>(std::move(bytes));
  }
  return *slot;
}

const IntColumn& SegmentColumns::Ints(Stream stream) const {
  MutexLock lock(mutex_);
  auto& slot = int_streams_[stream];
  if (slot == nullptr) {
    IntColumn column;
    if (const std::string_view packed = Packed(stream); !packed.empty()) {
      VarintReader in(packed);
      column = UnpackInts(in, kMaxColumnValues);
      if (!in.done()) Damaged();
    }
    Account(column.MemoryBytes());
    slot = std::make_unique<const IntColumn>(std::move(column));
  }
  return *slot;
}

const StringList& SegmentColumns::Strings(Stream stream) const {
  MutexLock lock(mutex_);
  auto& slot = lists_[stream];
  if (slot == nullptr) {
    IntColumn lengths;
    std::string text;
    if (const std::string_view packed = Packed(stream); !packed.empty()) {
      VarintReader in(packed);
      lengths = UnpackInts(in, kMaxColumnValues);
      text = UnpackBytes(in);
      if (!in.done()) Damaged();
    }
    std::unique_ptr<const StringList> list(new StringList(lengths, std::move(text)));
    Account(list->MemoryBytes());
    slot = std::move(list);
  }
  return *slot;
}

const StringColumn& SegmentColumns::Column(Stream stream) const {
  {
    MutexLock lock(mutex_);
    const auto at = columns_.find(stream);
    if (at != columns_.end()) return *at->second;
  }
  auto column = std::make_unique<StringColumn>();
  column->codes_ = Ints(CodesOf(stream));
  column->dictionary_ = &Strings(Stream::kDictionary);
  const IntColumn& lengths = Ints(LengthsOf(stream));
  const std::size_t count = column->codes_.size();
  std::uint64_t own = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t code = column->codes_.At(i);
    if (code > column->dictionary_->size()) Damaged();
    own += code == 0 ? 1 : 0;
  }
  if (own != lengths.size()) Damaged();
  if (own > 0) {
    column->own_.reset(new StringList(lengths, Bytes(TextOf(stream))));
    column->own_index_.resize(count);
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < count; ++i) {
      column->own_index_[i] = next;
      next += column->codes_.At(i) == 0 ? 1 : 0;
    }
    Account(column->own_->MemoryBytes() + count * sizeof(next));
  }
  MutexLock lock(mutex_);
  auto& slot = columns_[stream];  // another thread may have been faster
  if (slot == nullptr) slot = std::move(column);
  return *slot;
}

const IntColumn& SegmentColumns::RowInts(Stream stream) const {
  const IntColumn& column = Ints(stream);
  if (column.size() != rows_) Damaged();
  return column;
}

const StringColumn& SegmentColumns::RowStrings(Stream stream) const {
  const StringColumn& column = Column(stream);
  if (column.size() != rows_) Damaged();
  return column;
}

}  // namespace clew::store
