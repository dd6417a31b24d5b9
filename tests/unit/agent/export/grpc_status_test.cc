#include <gtest/gtest.h>

#include <protozero/pbf_writer.hpp>

#include "agent/export/transport.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace clew::exporting {
namespace {

using Outcome = ExportResult::Outcome;
using std::chrono::milliseconds;

// google.rpc.Status with a RetryInfo, as "grpc-status-details-bin" carries it.
std::string RetryInfo(std::int64_t seconds, std::int32_t nanos) {
  std::string duration, info, any, status;
  protozero::pbf_writer(duration).add_int64(1, seconds);
  protozero::pbf_writer(duration).add_int32(2, nanos);
  protozero::pbf_writer(info).add_message(1, duration);
  protozero::pbf_writer(any).add_string(1, "type.googleapis.com/google.rpc.RetryInfo");
  protozero::pbf_writer(any).add_message(2, info);
  protozero::pbf_writer(status).add_int32(1, 8);
  protozero::pbf_writer(status).add_message(3, any);
  return status;
}

TEST(GrpcStatus, OnlyTheCodesOfTheSpecificationAreRetried) {
  for (const int code : {1, 4, 10, 11, 14, 15})
    EXPECT_EQ(ClassifyFailure(code, "", "").outcome, Outcome::kRetryable) << code;
  for (const int code : {2, 3, 5, 6, 7, 8, 9, 12, 13, 16, 99})
    EXPECT_EQ(ClassifyFailure(code, "", "").outcome, Outcome::kRefused) << code;
}

TEST(GrpcStatus, ResourceExhaustedIsRetriedOnlyWithRetryInfoAndItsDelayIsKept) {
  const ExportResult result = ClassifyFailure(8, "busy", RetryInfo(2, 500'000'000));
  EXPECT_EQ(result.outcome, Outcome::kThrottled);
  EXPECT_EQ(result.retry_delay, milliseconds(2500));
  EXPECT_EQ(result.message, "busy");
  EXPECT_EQ(ClassifyFailure(14, "", RetryInfo(1, 0)).outcome, Outcome::kThrottled);
}

TEST(GrpcStatus, HostileDetailsAreAbsentAndHostileDelaysAreBounded) {
  EXPECT_EQ(ClassifyFailure(8, "", RetryInfo(1LL << 62, 0)).retry_delay, std::chrono::minutes(5));
  EXPECT_EQ(ClassifyFailure(8, "", RetryInfo(-1, -1)).retry_delay, milliseconds(0));
  const std::string good = RetryInfo(1, 0);
  for (std::size_t n = 0; n < good.size(); ++n) ClassifyFailure(8, "", good.substr(0, n));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string corrupt = good;
    corrupt[i] = static_cast<char>(0xff);
    ClassifyFailure(8, "", corrupt);
  }
  EXPECT_LE(ClassifyFailure(2, std::string(100'000, 'x'), "").message.size(), 512u);
}

TEST(GrpcStatus, PartialSuccessIsRead) {
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse response;
  EXPECT_EQ(ParseResponse(response.SerializeAsString()).rejected_spans, 0);
  response.mutable_partial_success()->set_rejected_spans(3);
  response.mutable_partial_success()->set_error_message("too old");
  const ExportResult result = ParseResponse(response.SerializeAsString());
  EXPECT_EQ(result.outcome, Outcome::kAccepted);
  EXPECT_EQ(result.rejected_spans, 3);
  EXPECT_EQ(result.message, "too old");
  EXPECT_EQ(ParseResponse("\xff\xff\xff").outcome, Outcome::kAccepted);
  response.mutable_partial_success()->set_rejected_spans(-3);
  EXPECT_EQ(ParseResponse(response.SerializeAsString()).rejected_spans, 0);
}

}  // namespace
}  // namespace clew::exporting
