#include "collector/receiver/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace clew::receiver {
namespace {

constexpr std::size_t kChunk = 256 * 1024;
constexpr int kGzipOrZlib = MAX_WBITS + 32;  // inflateInit2: recognise either header

class Stream {
 public:
  explicit Stream(std::string_view in) {
    // zlib does not write to its input; the cast is what its C interface asks for.
    zlib_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    zlib_.avail_in = static_cast<uInt>(in.size());
    ready_ = inflateInit2(&zlib_, kGzipOrZlib) == Z_OK;
  }
  ~Stream() {
    if (ready_) inflateEnd(&zlib_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  bool ready() const { return ready_; }
  bool has_input() const { return zlib_.avail_in > 0; }

  // Fills up to `size` bytes at `out`, says how many.
  int Next(char* out, std::size_t size, std::size_t& filled) {
    zlib_.next_out = reinterpret_cast<Bytef*>(out);
    zlib_.avail_out = static_cast<uInt>(size);
    const int status = inflate(&zlib_, Z_NO_FLUSH);
    filled = size - zlib_.avail_out;
    return status;
  }

 private:
  z_stream zlib_{};
  bool ready_ = false;
};

}  // namespace

bool LooksCompressed(std::string_view message) {
  if (message.size() < 2) return false;
  const auto first = static_cast<std::uint8_t>(message[0]);
  const auto second = static_cast<std::uint8_t>(message[1]);
  const bool gzip = first == 0x1f && second == 0x8b;
  const bool zlib = first == 0x78 && (first << 8 | second) % 31 == 0;
  return gzip || zlib;
}

Result<std::string> Inflate(std::string_view compressed, std::size_t limit) {
  if (compressed.size() > std::numeric_limits<uInt>::max()) {
    return Error{Code::kInvalid, "compressed request: over 4 GiB"};
  }
  Stream stream(compressed);
  if (!stream.ready()) return Error{Code::kExhausted, "compressed request: no memory"};
  std::string out;
  for (;;) {
    const std::size_t have = out.size();
    // One byte over the limit is enough to know.
    const std::size_t room = std::min(std::max(kChunk, have), limit + 1 - have);
    out.resize(have + room);
    std::size_t filled = 0;
    const int status = stream.Next(out.data() + have, room, filled);
    out.resize(have + filled);
    if (out.size() > limit) {
      return Error{Code::kExhausted,
                   "compressed request: over " + std::to_string(limit) + " bytes decompressed"};
    }
    if (status == Z_STREAM_END && !stream.has_input()) return out;
    if (status != Z_OK || filled == 0) {
      return Error{Code::kInvalid, "compressed request: damaged or cut short"};
    }
  }
}

}  // namespace clew::receiver
