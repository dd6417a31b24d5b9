#include "collector/receiver/retry_info.h"

#include <protozero/pbf_writer.hpp>

namespace clew::receiver {

std::string RetryDetails(int grpc_code, std::string_view message, std::chrono::milliseconds delay) {
  std::string retry_info;
  {
    protozero::pbf_writer info(retry_info);
    protozero::pbf_writer duration(info, 1);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(delay);
    const std::chrono::nanoseconds rest = delay - seconds;
    duration.add_int64(1, seconds.count());
    duration.add_int32(2, static_cast<std::int32_t>(rest.count()));
  }
  std::string status;
  protozero::pbf_writer out(status);
  out.add_int32(1, grpc_code);
  out.add_string(2, message.data(), message.size());
  protozero::pbf_writer any(out, 3);
  any.add_string(1, "type.googleapis.com/google.rpc.RetryInfo");
  any.add_bytes(2, retry_info);
  return status;
}

}  // namespace clew::receiver
