// Any bytes as the options of a header: no access out of bounds, and what is found is really there, whole.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tests/bpf/host_option.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  size = std::min<std::size_t>(size, HOST_OPTIONS_MAX);
  host_option value{};
  if (!host_option_get(data, size, &value)) return 0;
  std::uint8_t bytes[HOST_OPTION_SIZE];
  host_option_put(bytes, &value);
  const std::string_view options(reinterpret_cast<const char*>(data), size);
  if (options.find(std::string_view(reinterpret_cast<const char*>(bytes), sizeof(bytes))) == options.npos) std::abort();
  return 0;
}
