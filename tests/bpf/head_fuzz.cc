// Any bytes in any pieces: no access out of bounds, and the pieces change nothing but what a cut line may lose.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "tests/bpf/host_head.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t piece = 1 + data[0];
  const char* bytes = reinterpret_cast<const char*>(data) + 1;
  const host_head whole = host_scan(bytes, size - 1, 0);
  const host_head pieces = host_scan(bytes, size - 1, piece);
  // The request line is judged by its end only, which a cut line does not show: a whole look may refuse more.
  if (whole.bad || pieces.bad || size - 1 > 4000) return 0;
  if (whole.ended != pieces.ended || whole.head_size != pieces.head_size) std::abort();
  // A trace context found in pieces is also found whole; the whole may have another header that the cut ones lost.
  if (whole.tp_lines == pieces.tp_lines && whole.tp_valid != pieces.tp_valid) std::abort();
  return 0;
}
