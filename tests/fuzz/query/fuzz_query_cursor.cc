// A cursor comes from a client: any text is refused, or is exactly the one that was given out for
// what it says.
#include <string>

#include "store/query/cursor.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clew::store;
  Query query;
  query.cursor.assign(reinterpret_cast<const char*>(data), size);
  const auto cursor = DecodeCursor(query);
  if (!cursor) {
    CLEW_CHECK(cursor.error().code == clew::Code::kInvalid);
    return 0;
  }
  CLEW_CHECK(cursor->has_value() == (size > 0));
  if (*cursor) CLEW_CHECK(EncodeCursor(query, **cursor) == query.cursor);
  return 0;
}
