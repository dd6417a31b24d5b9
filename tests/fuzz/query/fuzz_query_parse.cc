// The text form of a query: whatever is typed gives conditions that are written and read back
// equal, or an error that names a column.
#include <string_view>

#include "store/query/format.h"
#include "store/query/parse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clew::store;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto conditions = ParseConditions(text);
  if (!conditions) {
    CLEW_CHECK(conditions.error().message.starts_with("column "));
    return 0;
  }
  Query query;
  query.conditions = *conditions;
  CLEW_CHECK(Validate(query).has_value());
  const auto again = ParseConditions(FormatConditions(*conditions));
  CLEW_CHECK(again.has_value() && *again == *conditions);
  return 0;
}
