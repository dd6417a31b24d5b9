// A --replay file of any bytes ends with a reason, and gives whole records only.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "agent/kernel/replay_source.h"
#include "agent/process/resource_codec.h"
#include "base/fd.h"

namespace {

using namespace clew;  // NOLINT(google-build-using-namespace)

class Checked : public kernel::EventSink, public kernel::ProcessMetadataSink {
 public:
  void OnEvent(const clew_event_header&, std::string_view record) override {
    CLEW_CHECK(kernel::IsWholeRecord(record));
  }
  void OnProcessMetadata(std::uint32_t, std::string_view metadata) override {
    const auto resource = process::DecodeResource(metadata);
    if (resource) CLEW_CHECK(process::EncodeResource(*resource) == metadata);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Fd file(memfd_create("recording", MFD_CLOEXEC));
  CLEW_CHECK(write(file.get(), data, size) == static_cast<ssize_t>(size));
  Checked sink;
  auto source = kernel::ReplaySource::Open("/proc/self/fd/" + std::to_string(file.get()), sink);
  if (!source) return 0;
  while ((*source)->Poll(std::chrono::milliseconds(0), sink)) {
  }
  return 0;
}
