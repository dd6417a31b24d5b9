// Rows of the engine in protobuf: what a decoder accepts comes back from its own bytes.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "store/engine/counts.h"
#include "store/engine/edges.h"
#include "store/engine/segment_meta.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace store = clew::store;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto meta = store::DecodeSegmentMeta({1, 2}, bytes)) {
    const std::string written = store::EncodeSegmentMeta(*meta);
    const auto again = store::DecodeSegmentMeta({1, 2}, written);
    if (!again || store::EncodeSegmentMeta(*again) != written) std::abort();
  }
  if (const auto counts = store::DecodeServiceCounts(bytes)) {
    const std::string written = store::Encode(*counts);
    const auto again = store::DecodeServiceCounts(written);
    if (!again || store::Encode(*again) != written) std::abort();
  }
  if (auto edge = store::DecodeEdgeCounts(bytes)) {
    edge->Merge(*edge);
    edge->latency.Quantile(0.99);
    if (!store::DecodeEdgeCounts(store::Encode(*edge))) std::abort();
  }
  return 0;
}
