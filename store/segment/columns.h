// The streams of a segment, unpacked when they are asked for and then kept: a search reads two or
// three of some thirty.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "store/segment/layout.h"
#include "store/segment/packing.h"

namespace clew::store {

// A list of strings.
class StringList {
 public:
  std::size_t size() const { return ends_.size(); }
  std::string_view At(std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(begin, ends_[i] - begin);
  }
  std::size_t MemoryBytes() const { return text_.size() + ends_.size() * sizeof(ends_[0]); }

 private:
  friend class SegmentColumns;
  // Throws unless the lengths add up to the text.
  StringList(const IntColumn& lengths, std::string text);
  std::vector<std::uint32_t> ends_;
  std::string text_;
};

// Strings that are in the dictionary (code > 0) or in the column's own text.
class StringColumn {
 public:
  std::size_t size() const { return codes_.size(); }
  std::uint64_t CodeAt(std::size_t i) const { return codes_.At(i); }
  std::string_view At(std::size_t i) const {
    const std::uint64_t code = codes_.At(i);
    return code != 0 ? dictionary_->At(code - 1) : own_->At(own_index_[i]);
  }
  std::size_t dictionary_size() const { return dictionary_->size(); }

 private:
  friend class SegmentColumns;
  IntColumn codes_;
  const StringList* dictionary_ = nullptr;
  std::unique_ptr<StringList> own_;
  std::vector<std::uint32_t> own_index_;  // of each value; empty when all have codes
};

// Any thread. Throws a protozero::exception when a stream is damaged, and whenever all that has
// been unpacked is more than a segment of the store can hold.
class SegmentColumns {
 public:
  // Reads the directory. Throws also for another version: ask SegmentReader, which says so.
  explicit SegmentColumns(std::string bytes);

  std::size_t rows() const { return rows_; }
  std::size_t traces() const { return traces_; }
  // Nothing when the segment has no such stream: it would hold nothing. Valid as long as this
  // object.
  const std::string& Bytes(Stream stream) const;
  const IntColumn& Ints(Stream stream) const;
  const StringList& Strings(Stream stream) const;
  const StringColumn& Column(Stream stream) const;
  // Those with a value for every row; throws when there are more or fewer.
  const IntColumn& RowInts(Stream stream) const;
  const StringColumn& RowStrings(Stream stream) const;
  // What this takes now; grows while streams are unpacked.
  std::size_t MemoryBytes() const { return memory_; }
  // Unpacks no stream, but compares the checks of all of them.
  void Verify() const;

 private:
  struct Place {
    std::size_t offset;
    std::size_t size;
    std::uint32_t check;
  };
  // The packed bytes, checked; empty when there is no such stream.
  std::string_view Packed(Stream stream) const;
  void Account(std::size_t bytes) const;

  std::string bytes_;
  std::size_t rows_ = 0;
  std::size_t traces_ = 0;
  std::map<Stream, Place> places_;
  mutable std::atomic<std::size_t> memory_{0};
  mutable Mutex mutex_;
  mutable std::map<Stream, std::unique_ptr<const std::string>> byte_streams_ GUARDED_BY(mutex_);
  mutable std::map<Stream, std::unique_ptr<const IntColumn>> int_streams_ GUARDED_BY(mutex_);
  mutable std::map<Stream, std::unique_ptr<const StringList>> lists_ GUARDED_BY(mutex_);
  mutable std::map<Stream, std::unique_ptr<const StringColumn>> columns_ GUARDED_BY(mutex_);
};

}  // namespace clew::store
