#include "store/segment/term_filter.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "store/varint_reader.h"

namespace clew::store {
namespace {

constexpr std::size_t kWords = 8;
constexpr std::size_t kBlockBytes = kWords * sizeof(std::uint32_t);
// 10 bits a term let one in some 90 pass that is not there, which costs opening a segment; 12 would
// cost more bytes a span than that is worth.
constexpr std::size_t kBitsPerTerm = 10;
constexpr std::size_t kMaxRanges = 64;
constexpr std::size_t kRangeBytes = 3 * sizeof(std::uint64_t);

// Odd multipliers that choose one bit a word. Source: Apache Parquet, "Bloom filter".
constexpr std::array<std::uint32_t, kWords> kSalts = {0x47b6137bU, 0x44974d91U, 0x8824ad5bU,
                                                      0xa2b7289dU, 0x705495c7U, 0x2df1424bU,
                                                      0x9efc4947U, 0x5c6bfb31U};

using Block = std::array<std::uint32_t, kWords>;

Block MaskOf(std::uint64_t hash) {
  Block mask;
  const std::uint32_t low = static_cast<std::uint32_t>(hash);
  for (std::size_t i = 0; i < kWords; ++i) mask[i] = 1u << ((low * kSalts[i]) >> 27);
  return mask;
}

std::size_t BlockOf(std::uint64_t hash, std::size_t blocks) {
  return static_cast<std::size_t>(((hash >> 32) * blocks) >> 32);
}

}  // namespace

std::uint64_t TermHash(TermKind kind, std::string_view text) {
  return XXH3_64bits_withSeed(text.data(), text.size(), static_cast<std::uint64_t>(kind));
}

std::uint64_t ValueHash(std::string_view term) { return XXH3_64bits(term.data(), term.size()); }

void TermFilterBuilder::AddNumber(std::uint64_t key_hash, double low, double high) {
  const auto [at, is_new] = ranges_.try_emplace(key_hash, Range{low, high});
  if (is_new) return;
  at->second.low = std::min(at->second.low, low);
  at->second.high = std::max(at->second.high, high);
}

std::string TermFilterBuilder::Finish() {
  std::sort(hashes_.begin(), hashes_.end());
  hashes_.erase(std::unique(hashes_.begin(), hashes_.end()), hashes_.end());
  const std::size_t count = std::max<std::size_t>(
      1, (hashes_.size() * kBitsPerTerm + kBlockBytes * 8 - 1) / (kBlockBytes * 8));
  std::vector<Block> blocks(count, Block{});
  for (const std::uint64_t hash : hashes_) {
    Block& block = blocks[BlockOf(hash, count)];
    const Block mask = MaskOf(hash);
    for (std::size_t i = 0; i < kWords; ++i) block[i] |= mask[i];
  }
  std::string out(1, static_cast<char>(kFilterVersion));
  // One more than fit says that some are missing.
  const bool cut = ranges_.size() > kMaxRanges;
  const std::size_t kept = std::min(ranges_.size(), kMaxRanges);
  AppendVarint(out, cut ? kMaxRanges + 1 : kept);
  auto range = ranges_.begin();
  for (std::size_t i = 0; i < kept; ++i, ++range) {
    AppendRaw(out, range->first);
    AppendRaw(out, range->second.low);
    AppendRaw(out, range->second.high);
  }
  out.append(reinterpret_cast<const char*>(blocks.data()), blocks.size() * kBlockBytes);
  hashes_.clear();
  ranges_.clear();
  return out;
}

Result<TermFilter> TermFilter::Open(std::string_view bytes) {
  if (bytes.empty()) return Error{Code::kCorrupt, "segment filter: empty"};
  if (static_cast<std::uint8_t>(bytes[0]) != kFilterVersion) {
    return Error{Code::kUnsupported,
                 "segment filter: version " + std::to_string(static_cast<std::uint8_t>(bytes[0]))};
  }
  try {
    TermFilter filter;
    VarintReader in(bytes.substr(1));
    const std::uint64_t ranges = in.VarintUpTo(kMaxRanges + 1);
    filter.ranges_cut_ = ranges > kMaxRanges;
    filter.ranges_ = in.Take(std::min<std::size_t>(ranges, kMaxRanges) * kRangeBytes);
    filter.blocks_ = in.Take(in.remaining());
    if (filter.blocks_.empty() || filter.blocks_.size() % kBlockBytes != 0) {
      return Error{Code::kCorrupt, "segment filter: no whole number of blocks"};
    }
    return filter;
  } catch (const protozero::exception& error) {
    return Error{Code::kCorrupt, std::string("segment filter: ") + error.what()};
  }
}

bool TermFilter::MayContain(std::uint64_t hash) const {
  const std::size_t index = BlockOf(hash, blocks_.size() / kBlockBytes);
  Block block;
  std::memcpy(block.data(), blocks_.data() + index * kBlockBytes, kBlockBytes);
  const Block mask = MaskOf(hash);
  for (std::size_t i = 0; i < kWords; ++i) {
    if ((block[i] & mask[i]) == 0) return false;
  }
  return true;
}

std::optional<NumberRange> TermFilter::Range(std::uint64_t key_hash) const {
  for (std::size_t at = 0; at < ranges_.size(); at += kRangeBytes) {
    std::uint64_t key = 0;
    std::memcpy(&key, ranges_.data() + at, sizeof(key));
    if (key != key_hash) continue;
    NumberRange range;
    std::memcpy(&range.low, ranges_.data() + at + 8, sizeof(range.low));
    std::memcpy(&range.high, ranges_.data() + at + 16, sizeof(range.high));
    return range;
  }
  return std::nullopt;
}

}  // namespace clew::store
