#include "collector/receiver/decode.h"

#include <memory>
#include <numeric>
#include <protozero/exception.hpp>

#include "collector/receiver/validate.h"
#include "store/otlp_fields.h"
#include "store/wire_reader.h"

namespace clew::receiver {
namespace {

using store::WireReader;
using store::WireType;
using SharedBytes = std::shared_ptr<const std::string>;

// A message without one of its repeated fields. What remains is still a valid message, and
// protobuf's rules for fields that occur twice still hold, since every field is copied as it came.
SharedBytes Without(std::string_view message, std::uint32_t left_out) {
  std::string rest;
  for (WireReader field(message); field.Next();) {
    const bool leave_out = field.Is(left_out, WireType::kBytes);
    field.Skip();
    if (!leave_out) rest += field.Raw();
  }
  return std::make_shared<const std::string>(std::move(rest));
}

class Decoder {
 public:
  explicit Decoder(UnixNanos now) : now_(now) {}

  DecodedRequest Decode(std::string_view request) {
    for (WireReader field(request); field.Next();) {
      if (field.Is(store::otlp::kRequestResourceSpans, WireType::kBytes)) {
        OnResourceSpans(field.Bytes());
      } else {
        field.Skip();
      }
    }
    return std::move(out_);
  }

 private:
  void OnResourceSpans(std::string_view resource_spans) {
    resource_ = Without(resource_spans, store::otlp::kResourceSpansScopeSpans);
    resource_valid_ = ResourceIsValid(*resource_);
    service_ = resource_valid_ ? store::ReadServiceName(*resource_) : std::string_view{};
    for (WireReader field(resource_spans); field.Next();) {
      if (field.Is(store::otlp::kResourceSpansScopeSpans, WireType::kBytes)) {
        OnScopeSpans(field.Bytes());
      } else {
        field.Skip();
      }
    }
  }

  void OnScopeSpans(std::string_view scope_spans) {
    scope_ = Without(scope_spans, store::otlp::kScopeSpansSpans);
    context_valid_ = resource_valid_ && ScopeIsValid(*scope_);
    for (WireReader field(scope_spans); field.Next();) {
      if (field.Is(store::otlp::kScopeSpansSpans, WireType::kBytes)) {
        OnSpan(field.Bytes());
      } else {
        field.Skip();
      }
    }
  }

  void OnSpan(std::string_view span) {
    const store::SpanFields fields = store::ReadSpanFields(span);
    const auto reason = context_valid_ ? ValidateSpan(span, fields, now_) : RejectReason::kResource;
    if (reason) {
      ++out_.rejected[static_cast<std::size_t>(*reason)];
      return;
    }
    store::SpanRecord& record = out_.spans.emplace_back();
    record.trace_id = *TraceId::FromBytes(fields.trace_id);
    record.span_id = *SpanId::FromBytes(fields.span_id);
    record.parent_id = SpanId::FromBytes(fields.parent_span_id).value_or(SpanId{});
    record.service = service_;
    record.name = fields.name;
    record.kind = static_cast<std::uint8_t>(fields.kind);
    record.status_code = static_cast<std::uint8_t>(fields.status_code);
    record.start = UnixNanosFrom(fields.start_unix_nano);
    record.end = UnixNanosFrom(fields.end_unix_nano);
    record.resource = resource_;
    record.scope = scope_;
    record.span = span;
  }

  const UnixNanos now_;
  SharedBytes resource_;
  SharedBytes scope_;
  std::string_view service_;  // views *resource_
  bool resource_valid_ = false;
  bool context_valid_ = false;
  DecodedRequest out_;
};

}  // namespace

std::uint64_t DecodedRequest::rejected_total() const {
  return std::accumulate(rejected.begin(), rejected.end(), std::uint64_t{0});
}

Result<DecodedRequest> DecodeRequest(std::string_view request, UnixNanos now) {
  try {
    return Decoder(now).Decode(request);
  } catch (const protozero::exception& error) {
    return Error{Code::kInvalid, std::string("not an ExportTraceServiceRequest: ") + error.what()};
  }
}

std::string DescribeRejections(const DecodedRequest& decoded) {
  const std::uint64_t total = decoded.rejected_total();
  if (total == 0) return {};
  std::string text = std::to_string(total) + (total == 1 ? " span" : " spans") + " rejected";
  const char* separator = ": ";
  for (std::size_t i = 0; i < kRejectReasons; ++i) {
    if (decoded.rejected[i] == 0) continue;
    text += separator;
    text += kRejectReasonTexts[i].message;
    text += " (" + std::to_string(decoded.rejected[i]) + ")";
    separator = "; ";
  }
  return text;
}

}  // namespace clew::receiver
