// What a collector's answer means. Its bytes are not trusted: whatever cannot be parsed is treated
// as absent.
#include <limits>
#include <protozero/pbf_reader.hpp>

#include "agent/export/transport.h"

namespace clew::exporting {
namespace {

using Outcome = ExportResult::Outcome;

// grpc/status.h; the numbers are the protocol's.
enum GrpcCode : int {
  kCancelled = 1,
  kDeadlineExceeded = 4,
  kResourceExhausted = 8,
  kAborted = 10,
  kOutOfRange = 11,
  kUnavailable = 14,
  kDataLoss = 15,
};
constexpr std::string_view kRetryInfo = "type.googleapis.com/google.rpc.RetryInfo";
constexpr std::chrono::milliseconds kLongestPause = std::chrono::minutes(5);  // of a server's wish
constexpr std::size_t kMaxMessage = 512;

std::string_view View(const protozero::data_view& view) { return {view.data(), view.size()}; }

// google.protobuf.Duration { seconds 1, nanos 2 }
std::chrono::milliseconds ParseDuration(protozero::pbf_reader duration) {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
  while (duration.next()) {
    if (duration.tag_and_type() == protozero::tag_and_type(1, protozero::pbf_wire_type::varint)) {
      seconds = duration.get_int64();
    } else if (duration.tag_and_type() ==
               protozero::tag_and_type(2, protozero::pbf_wire_type::varint)) {
      nanos = duration.get_int32();
    } else {
      duration.skip();
    }
  }
  if (seconds < 0 || nanos < 0) return std::chrono::milliseconds(0);
  if (seconds >= std::chrono::duration_cast<std::chrono::seconds>(kLongestPause).count())
    return kLongestPause;
  return std::chrono::seconds(seconds) + std::chrono::milliseconds(nanos / 1'000'000);
}

// google.protobuf.Any { type_url 1, value 2 } of a google.rpc.RetryInfo { retry_delay 1 }
std::optional<std::chrono::milliseconds> ParseDetail(protozero::pbf_reader any) {
  std::string_view type;
  protozero::data_view value;
  while (any.next()) {
    if (any.tag_and_type() ==
        protozero::tag_and_type(1, protozero::pbf_wire_type::length_delimited)) {
      type = View(any.get_view());
    } else if (any.tag_and_type() ==
               protozero::tag_and_type(2, protozero::pbf_wire_type::length_delimited)) {
      value = any.get_view();
    } else {
      any.skip();
    }
  }
  if (type != kRetryInfo) return std::nullopt;
  protozero::pbf_reader info(value);
  while (info.next(1, protozero::pbf_wire_type::length_delimited))
    return ParseDuration(info.get_message());
  return std::chrono::milliseconds(0);  // a RetryInfo without a delay: now
}

// google.rpc.Status { code 1, message 2, details 3 }
std::optional<std::chrono::milliseconds> ParseRetryDelay(const std::string& details) {
  try {
    protozero::pbf_reader status(details);
    while (status.next(3, protozero::pbf_wire_type::length_delimited)) {
      if (const auto delay = ParseDetail(status.get_message())) return delay;
    }
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

ExportResult ClassifyFailure(int grpc_code, std::string message, const std::string& details) {
  ExportResult result;
  message.resize(std::min(message.size(), kMaxMessage));
  result.message = std::move(message);
  result.retry_delay = ParseRetryDelay(details);
  switch (grpc_code) {
    case kResourceExhausted:
      result.outcome = result.retry_delay ? Outcome::kThrottled : Outcome::kRefused;
      break;
    case kUnavailable:
      result.outcome = result.retry_delay ? Outcome::kThrottled : Outcome::kRetryable;
      break;
    case kCancelled:
    case kDeadlineExceeded:
    case kAborted:
    case kOutOfRange:
    case kDataLoss:
      result.outcome = Outcome::kRetryable;
      break;
    default:
      result.outcome = Outcome::kRefused;
      break;
  }
  return result;
}

// ExportTraceServiceResponse { partial_success 1 { rejected_spans 1, error_message 2 } }
ExportResult ParseResponse(const std::string& bytes) {
  ExportResult result;
  result.outcome = Outcome::kAccepted;
  try {
    protozero::pbf_reader response(bytes);
    while (response.next(1, protozero::pbf_wire_type::length_delimited)) {
      protozero::pbf_reader partial = response.get_message();
      while (partial.next()) {
        if (partial.tag_and_type() ==
            protozero::tag_and_type(1, protozero::pbf_wire_type::varint)) {
          result.rejected_spans = std::max<std::int64_t>(0, partial.get_int64());
        } else if (partial.tag_and_type() ==
                   protozero::tag_and_type(2, protozero::pbf_wire_type::length_delimited)) {
          result.message = View(partial.get_view()).substr(0, kMaxMessage);
        } else {
          partial.skip();
        }
      }
    }
  } catch (const protozero::exception&) {
    result.message = "malformed response";  // the call itself succeeded
  }
  return result;
}

}  // namespace clew::exporting
