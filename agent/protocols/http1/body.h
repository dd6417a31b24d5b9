// Finds the end of one body, by counting: no byte of a body is kept. Source: RFC 9112, sections 6
// and 7.
//
//   chunked:  size-in-hex [;extension] CRLF   data CRLF   ...   0 CRLF   [trailer CRLF]*   CRLF
//
// Most of a large body is never captured, so bytes can also be skipped unseen. A length survives
// that, and so does the chunked coding when only data of one chunk is skipped. When a chunk's size
// was not seen the framing is lost: the rest is opaque, and the last bytes of a call tell whether
// the message ended with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/protocols/http1/head.h"

namespace clew::protocols::http1 {

class BodyReader {
 public:
  // `length` counts with kLength only.
  void Begin(Framing framing, std::uint64_t length);

  // Takes what belongs to the body off the front of `bytes`: all of them, unless the body ends
  // before.
  std::size_t Feed(std::string_view bytes);
  // The same for `n` bytes that were not seen.
  std::uint64_t Skip(std::uint64_t n);

  bool done() const { return state_ == State::kDone; }
  // The end cannot be found by counting.
  bool opaque() const { return state_ == State::kOpaque; }
  bool until_close() const { return state_ == State::kUntilClose; }
  // For an opaque body, at the end of a call: the bytes seen last are the end of a chunked body
  // without trailer.
  bool EndsLikeChunked() const;
  // Bytes of the body so far, framing excluded; nothing when that cannot be known.
  std::optional<std::uint64_t> size() const { return exact_ ? std::optional(size_) : std::nullopt; }

 private:
  enum class State : std::uint8_t {
    kDone,
    kLength,
    kUntilClose,
    kOpaque,
    kChunkSize,
    kChunkExtension,
    kChunkSizeLf,
    kChunkData,
    kChunkDataCr,
    kChunkDataLf,
    kTrailerStart,
    kTrailerLine,
    kTrailerLf,
  };

  std::size_t FeedCounted(std::uint64_t available);
  void FeedFraming(char c);
  void FeedOpaque(std::string_view bytes);
  void EndOfChunkSize();
  void LoseFraming();

  State state_ = State::kDone;
  bool exact_ = true;
  std::uint8_t digits_ = 0;          // of the chunk size that is being read
  std::uint8_t window_size_ = 0;     // valid bytes of window_, at most 8
  std::uint32_t framing_bytes_ = 0;  // of the line that is being read, or of all trailers
  std::uint64_t remaining_ = 0;      // of the length, or of the chunk
  std::uint64_t size_ = 0;
  std::uint64_t window_ = 0;  // the last bytes seen in opaque state, the latest lowest
};

}  // namespace clew::protocols::http1
