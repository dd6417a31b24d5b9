// A collector's answer of any bytes is classified, and no pause that it asks for is longer than we
// allow.
#include <cstdint>
#include <string>

#include "agent/export/transport.h"
#include "base/result.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clew::exporting;  // NOLINT(google-build-using-namespace)
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  CLEW_CHECK(ParseResponse(bytes).rejected_spans >= 0);
  for (const int code : {8, 14}) {
    const ExportResult result = ClassifyFailure(code, bytes, bytes);
    if (!result.retry_delay) continue;
    CLEW_CHECK(result.retry_delay->count() >= 0 && *result.retry_delay <= std::chrono::minutes(6));
  }
  return 0;
}
