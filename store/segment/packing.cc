#include "store/segment/packing.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <memory>

#include "base/result.h"

namespace clew::store {
namespace {

constexpr int kLevel = 3;
// Below this zstd's own header and tables eat what it saves.
constexpr std::size_t kMinCompressed = 32;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// Contexts are dear to make and may be used by one thread at a time.
ZSTD_CCtx* Compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  CLEW_CHECK(context != nullptr);
  return context.get();
}
ZSTD_DCtx* Decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  CLEW_CHECK(context != nullptr);
  return context.get();
}

// True when all bytes are alike; `bytes` is not empty.
bool IsConstant(std::string_view bytes) {
  return std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

std::uint64_t ZigZag(std::uint64_t value) { return value << 1 ^ (value >> 63 ? ~0ull : 0ull); }
std::uint64_t UnZigZag(std::uint64_t value) { return value >> 1 ^ (value & 1 ? ~0ull : 0ull); }

}  // namespace

void PackBytes(std::string_view bytes, std::string& out) {
  AppendVarint(out, bytes.size());
  if (bytes.empty()) return;
  if (IsConstant(bytes)) {
    out.push_back(static_cast<char>(PackMethod::kConstant));
    out.push_back(bytes[0]);
    return;
  }
  if (bytes.size() >= kMinCompressed) {
    thread_local std::string packed;
    packed.resize(ZSTD_compressBound(bytes.size()));
    const std::size_t size = ZSTD_compressCCtx(Compressor(), packed.data(), packed.size(),
                                               bytes.data(), bytes.size(), kLevel);
    CLEW_CHECK(!ZSTD_isError(size));  // the room is enough, so only memory could be short
    if (size + 3 < bytes.size()) {
      out.push_back(static_cast<char>(PackMethod::kZstd));
      AppendSized(out, std::string_view(packed.data(), size));
      return;
    }
  }
  out.push_back(static_cast<char>(PackMethod::kRaw));
  out += bytes;
}

std::string UnpackBytes(VarintReader& in, std::size_t limit) {
  const std::size_t size = in.VarintUpTo(std::min(limit, kMaxUnpackedBytes));
  if (size == 0) return {};
  switch (static_cast<PackMethod>(in.U8())) {
    case PackMethod::kRaw:
      return std::string(in.Take(size));
    case PackMethod::kConstant:
      return std::string(size, in.Take(1)[0]);
    case PackMethod::kZstd: {
      const std::string_view packed = in.Sized();
      std::string bytes(size, '\0');
      const std::size_t written = ZSTD_decompressDCtx(Decompressor(), bytes.data(), bytes.size(),
                                                      packed.data(), packed.size());
      if (ZSTD_isError(written) || written != size) throw protozero::invalid_length_exception{};
      return bytes;
    }
  }
  throw protozero::invalid_length_exception{};
}

void PackInts(std::span<const std::uint64_t> values, std::string& out) {
  AppendVarint(out, values.size());
  if (values.empty()) return;
  std::int64_t low = static_cast<std::int64_t>(values[0]);
  std::int64_t high = low;
  for (const std::uint64_t value : values) {
    low = std::min(low, static_cast<std::int64_t>(value));
    high = std::max(high, static_cast<std::int64_t>(value));
  }
  const std::uint64_t base = static_cast<std::uint64_t>(low);
  const std::uint64_t range = static_cast<std::uint64_t>(high) - base;
  const int width = (std::bit_width(range) + 7) / 8;
  AppendVarint(out, ZigZag(base));
  out.push_back(static_cast<char>(width));
  std::string plane(values.size(), '\0');
  for (int i = 0; i < width; ++i) {
    for (std::size_t n = 0; n < values.size(); ++n) {
      plane[n] = static_cast<char>((values[n] - base) >> (8 * i));
    }
    PackBytes(plane, out);
  }
}

IntColumn UnpackInts(VarintReader& in, std::size_t max_count) {
  IntColumn column;
  column.count_ = in.VarintUpTo(max_count);
  if (column.count_ == 0) return column;
  column.base_ = UnZigZag(in.Varint());
  column.width_ = in.U8();
  if (column.width_ > sizeof(std::uint64_t)) throw protozero::invalid_length_exception{};
  column.mask_ = column.width_ == 0 ? 0 : ~0ull >> (64 - 8 * column.width_);
  // At() reads whole words, also at the last number.
  column.bytes_.resize(column.count_ * column.width_ + sizeof(std::uint64_t));
  for (std::size_t i = 0; i < column.width_; ++i) {
    const std::string plane = UnpackBytes(in, column.count_);
    if (plane.size() != column.count_) throw protozero::invalid_length_exception{};
    char* at = column.bytes_.data() + i;
    for (const char byte : plane) {
      *at = byte;
      at += column.width_;
    }
  }
  return column;
}

}  // namespace clew::store
