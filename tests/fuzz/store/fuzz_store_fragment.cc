// The fragment decoder: spans that it gives out can be encoded, and come back the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "store/fragment.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto spans = clew::store::DecodeFragment(bytes);
  if (!spans) return 0;
  std::vector<const clew::store::SpanRecord*> pointers;
  for (const auto& span : *spans) pointers.push_back(&span);
  const auto again = clew::store::DecodeFragment(clew::store::EncodeFragment(pointers));
  if (!again || again->size() != spans->size()) std::abort();
  for (std::size_t i = 0; i < spans->size(); ++i) {
    const auto& a = (*spans)[i];
    const auto& b = (*again)[i];
    const bool same = a.span == b.span && *a.resource == *b.resource && *a.scope == *b.scope &&
                      a.service == b.service && a.span_id == b.span_id && a.start == b.start;
    if (!same) std::abort();
  }
  return 0;
}
