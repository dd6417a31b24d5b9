#include "agent/protocols/http1/body.h"

#include <algorithm>
#include <cstring>

#include "base/hex.h"

namespace clew::protocols::http1 {
namespace {

constexpr std::uint8_t kMaxSizeDigits = 15;        // 60 bits
constexpr std::uint32_t kMaxExtension = 4096;      // bytes
constexpr std::uint32_t kMaxTrailers = 64u << 10;  // bytes

constexpr std::uint64_t Pack(std::string_view bytes) {
  std::uint64_t packed = 0;
  for (const char c : bytes) packed = packed << 8 | static_cast<unsigned char>(c);
  return packed;
}

}  // namespace

void BodyReader::Begin(Framing framing, std::uint64_t length) {
  *this = BodyReader();
  switch (framing) {
    case Framing::kNone:
      break;
    case Framing::kLength:
      remaining_ = length;
      state_ = length > 0 ? State::kLength : State::kDone;
      break;
    case Framing::kChunked:
      state_ = State::kChunkSize;
      break;
    case Framing::kUntilClose:
      state_ = State::kUntilClose;
      break;
    case Framing::kUnknown:
      LoseFraming();
      break;
  }
}

std::size_t BodyReader::Feed(std::string_view bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && state_ != State::kDone) {
    const std::string_view rest = bytes.substr(used);
    switch (state_) {
      case State::kLength:
      case State::kChunkData:
      case State::kUntilClose:
        used += FeedCounted(rest.size());
        break;
      case State::kOpaque:
        FeedOpaque(rest);
        used = bytes.size();
        break;
      default:
        FeedFraming(rest[0]);
        // The byte that breaks the framing is opaque itself.
        if (state_ != State::kOpaque) ++used;
        break;
    }
  }
  return used;
}

std::uint64_t BodyReader::Skip(std::uint64_t n) {
  std::uint64_t used = 0;
  while (used < n && state_ != State::kDone) {
    switch (state_) {
      case State::kLength:
      case State::kChunkData:
      case State::kUntilClose:
        used += FeedCounted(n - used);
        break;
      case State::kChunkDataCr:  // what follows data is known without being seen
        state_ = State::kChunkDataLf;
        ++used;
        break;
      case State::kChunkDataLf:
        state_ = State::kChunkSize;
        framing_bytes_ = 0;
        ++used;
        break;
      default:
        LoseFraming();
        used = n;
        break;
    }
  }
  return used;
}

// Counts up to `available` bytes of data; how many there were.
std::size_t BodyReader::FeedCounted(std::uint64_t available) {
  if (state_ == State::kUntilClose) {
    size_ += available;
    return available;
  }
  const std::uint64_t used = std::min(available, remaining_);
  size_ += used;
  remaining_ -= used;
  if (remaining_ == 0) state_ = state_ == State::kLength ? State::kDone : State::kChunkDataCr;
  return used;
}

void BodyReader::FeedFraming(char c) {
  ++framing_bytes_;
  switch (state_) {
    case State::kChunkSize:
      if (const int digit = HexDigit(c); digit >= 0 && digits_ < kMaxSizeDigits) {
        remaining_ = remaining_ << 4 | static_cast<unsigned>(digit);
        ++digits_;
      } else if (digits_ == 0) {
        LoseFraming();
      } else if (c == '\r') {
        state_ = State::kChunkSizeLf;
      } else if (c == '\n') {
        EndOfChunkSize();
      } else if (c == ';' || c == ' ' || c == '\t') {
        state_ = State::kChunkExtension;
      } else {
        LoseFraming();
      }
      break;
    case State::kChunkExtension:
      if (c == '\n')
        EndOfChunkSize();
      else if (framing_bytes_ > kMaxExtension)
        LoseFraming();
      break;
    case State::kChunkSizeLf:
      if (c == '\n')
        EndOfChunkSize();
      else
        LoseFraming();
      break;
    case State::kChunkDataCr:
      if (c == '\r')
        state_ = State::kChunkDataLf;
      else
        LoseFraming();
      break;
    case State::kChunkDataLf:
      if (c == '\n') {
        state_ = State::kChunkSize;
        framing_bytes_ = 0;
      } else {
        LoseFraming();
      }
      break;
    case State::kTrailerStart:
      state_ = c == '\r' ? State::kTrailerLf : c == '\n' ? State::kDone : State::kTrailerLine;
      break;
    case State::kTrailerLf:
      state_ = c == '\n' ? State::kDone : State::kTrailerLine;
      break;
    case State::kTrailerLine:
      if (c == '\n')
        state_ = State::kTrailerStart;
      else if (framing_bytes_ > kMaxTrailers)
        LoseFraming();
      break;
    default:
      break;
  }
}

void BodyReader::EndOfChunkSize() {
  state_ = remaining_ == 0 ? State::kTrailerStart : State::kChunkData;
  digits_ = 0;
  framing_bytes_ = 0;
}

void BodyReader::LoseFraming() {
  state_ = State::kOpaque;
  exact_ = false;
  window_size_ = 0;
}

void BodyReader::FeedOpaque(std::string_view bytes) {
  const std::string_view last = bytes.substr(bytes.size() - std::min<std::size_t>(bytes.size(), 8));
  for (const char c : last) window_ = window_ << 8 | static_cast<unsigned char>(c);
  window_size_ = static_cast<std::uint8_t>(std::min<std::size_t>(8, window_size_ + last.size()));
}

bool BodyReader::EndsLikeChunked() const {
  constexpr std::string_view kEnd = "\r\n0\r\n\r\n", kEndAlone = "0\r\n\r\n";
  if (window_size_ >= kEnd.size()) return (window_ & ((1ull << 56) - 1)) == Pack(kEnd);
  // A call of five bytes after bytes of which nothing was seen, the line end before it among them.
  return window_size_ == kEndAlone.size() && (window_ & ((1ull << 40) - 1)) == Pack(kEndAlone);
}

}  // namespace clew::protocols::http1
