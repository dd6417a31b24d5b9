// Any bytes as the memory of a virtual machine, and as the list of what a process has mapped: no
// harm, and no heap that ends before it begins.
#include <cstdint>
#include <string_view>

#include "agent/process/mapped_file.h"
#include "agent/runtime/hotspot.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clew::runtime;  // NOLINT(google-build-using-namespace)
  const std::string_view memory(reinterpret_cast<const char*>(data), size);
  clew::process::FindMapped(memory, "libjvm.so");
  VmTables::Addresses variables;
  for (const std::string_view name : VmTables::Variables())
    variables[std::string(name)] = 8 * variables.size();
  const auto tables = VmTables::Read(variables, clew::process::ReadFrom(memory));
  const auto layout = tables ? LayoutOfJava(*tables) : clew::Error{clew::Code::kUnsupported, {}};
  CLEW_CHECK(!layout || layout->heap_begin < layout->heap_end);
  return 0;
}
