#include "store/summary.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <protozero/pbf_writer.hpp>
#include <tuple>

#include "store/wire_reader.h"

namespace clew::store {
namespace {

// Service and name are compared in place: most spans do not lead.
bool Leads(const SpanGlance& a, const LeadSpan& b) {
  const bool a_later = a.has_parent;  // roots sort first
  const bool b_later = !b.is_root;
  const std::string_view b_service = b.service;
  const std::string_view b_name = b.name;
  return std::tie(a_later, a.start, a.span_id, a.service, a.name) <
         std::tie(b_later, b.start, b.id, b_service, b_name);
}

// The query protocol counts in 32 bits; more than that stays at the top.
void Count(std::uint32_t& count, std::uint32_t more) {
  count += std::min(more, std::numeric_limits<std::uint32_t>::max() - count);
}

void AddService(std::vector<std::string>& services, std::string_view service) {
  const auto at = std::lower_bound(services.begin(), services.end(), service);
  if (at != services.end() && *at == service) return;
  if (services.size() < kMaxSummaryServices) services.emplace(at, service);
}

// Field numbers. DO NOT REUSE: they are on disk.
enum Field : std::uint32_t {
  kLead = 1,
  kStart = 2,
  kEnd = 3,
  kSpanCount = 4,
  kErrorCount = 5,
  kService = 6,
};
enum LeadField : std::uint32_t {
  kIsRoot = 1,
  kLeadStart = 2,
  kId = 3,
  kLeadService = 4,
  kName = 5
};

LeadSpan DecodeLead(std::string_view bytes) {
  LeadSpan lead;
  for (WireReader in(bytes); in.Next();) {
    if (in.Is(kIsRoot, WireType::kVarint)) {
      lead.is_root = in.Varint() != 0;
    } else if (in.Is(kLeadStart, WireType::kFixed64)) {
      lead.start = in.Time();
    } else if (in.Is(kId, WireType::kBytes)) {
      const auto id = SpanId::FromBytes(in.Bytes());
      if (!id) throw protozero::invalid_length_exception{};
      lead.id = *id;
    } else if (in.Is(kLeadService, WireType::kBytes)) {
      lead.service = in.Bytes();
    } else if (in.Is(kName, WireType::kBytes)) {
      lead.name = in.Bytes();
    } else {
      in.Skip();
    }
  }
  return lead;
}

}  // namespace

void Summary::Add(const SpanGlance& span) {
  const bool first = span_count == 0;
  if (first || span.start < start) start = span.start;
  if (first || span.end > end) end = span.end;
  if (first || Leads(span, lead)) {
    lead = {!span.has_parent, span.start, span.span_id, std::string(span.service),
            std::string(span.name)};
  }
  Count(span_count, 1);
  if (span.status_code == 2) Count(error_count, 1);
  AddService(services, span.service);
}

void Summary::Merge(const Summary& other) {
  if (other.span_count == 0) return;
  if (span_count == 0) {
    *this = other;
    return;
  }
  start = std::min(start, other.start);
  end = std::max(end, other.end);
  const SpanGlance other_lead{.span_id = other.lead.id,
                              .has_parent = !other.lead.is_root,
                              .start = other.lead.start,
                              .service = other.lead.service,
                              .name = other.lead.name};
  if (Leads(other_lead, lead)) lead = other.lead;
  Count(span_count, other.span_count);
  Count(error_count, other.error_count);
  for (const std::string& service : other.services) AddService(services, service);
}

std::size_t Summary::MemoryBytes() const {
  std::size_t bytes = sizeof(*this) + lead.service.size() + lead.name.size();
  for (const std::string& service : services) bytes += sizeof(service) + service.size();
  return bytes;
}

Summary SummaryOfWhole(const std::vector<Summary>& parts) {
  Summary whole;
  for (const Summary& part : parts) whole.Merge(part);
  // Also where a clock is wrong and another one seems to have begun earlier.
  if (!parts.empty()) whole.lead = parts.front().lead;
  return whole;
}

TraceSummary ToTraceSummary(const TraceId& trace, Summary summary) {
  return {.trace_id = trace,
          .root_service = std::move(summary.lead.service),
          .root_name = std::move(summary.lead.name),
          .has_root = summary.lead.is_root,
          .start = summary.start,
          .end = summary.end,
          .span_count = summary.span_count,
          .error_count = summary.error_count,
          .services = std::move(summary.services)};
}

std::string EncodeSummary(const Summary& summary) {
  std::string out;
  protozero::pbf_writer writer(out);
  {
    protozero::pbf_writer lead(writer, kLead);
    lead.add_bool(kIsRoot, summary.lead.is_root);
    lead.add_fixed64(kLeadStart, ToUint64(summary.lead.start));
    lead.add_bytes(kId, summary.lead.id.View().data(), SpanId::kSize);
    lead.add_bytes(kLeadService, summary.lead.service);
    lead.add_bytes(kName, summary.lead.name);
  }
  writer.add_fixed64(kStart, ToUint64(summary.start));
  writer.add_fixed64(kEnd, ToUint64(summary.end));
  writer.add_uint32(kSpanCount, summary.span_count);
  writer.add_uint32(kErrorCount, summary.error_count);
  for (const std::string& service : summary.services) writer.add_bytes(kService, service);
  return out;
}

Result<Summary> DecodeSummary(std::string_view bytes) {
  Summary summary;
  try {
    for (WireReader in(bytes); in.Next();) {
      if (in.Is(kLead, WireType::kBytes)) {
        summary.lead = DecodeLead(in.Bytes());
      } else if (in.Is(kStart, WireType::kFixed64)) {
        summary.start = in.Time();
      } else if (in.Is(kEnd, WireType::kFixed64)) {
        summary.end = in.Time();
      } else if (in.Is(kSpanCount, WireType::kVarint)) {
        summary.span_count = static_cast<std::uint32_t>(in.Varint());
      } else if (in.Is(kErrorCount, WireType::kVarint)) {
        summary.error_count = static_cast<std::uint32_t>(in.Varint());
      } else if (in.Is(kService, WireType::kBytes)) {
        summary.services.emplace_back(in.Bytes());
      } else {
        in.Skip();
      }
    }
  } catch (const protozero::exception& error) {
    return Error{Code::kCorrupt, std::string("stored trace summary: ") + error.what()};
  }
  const bool ordered = std::adjacent_find(summary.services.begin(), summary.services.end(),
                                          std::greater_equal<>()) == summary.services.end();
  if (summary.span_count == 0 || !ordered) {
    return Error{Code::kCorrupt, "stored trace summary: no spans or lists out of order"};
  }
  return summary;
}

}  // namespace clew::store
