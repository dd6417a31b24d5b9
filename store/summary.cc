#include "store/summary.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <protozero/pbf_writer.hpp>
#include <tuple>

#include "store/wire_reader.h"

namespace clew::store {
namespace {

bool Leads(const SpanRecord& a, const LeadSpan& b) {
  const bool a_later = a.parent_id.valid();  // roots sort first
  const bool b_later = !b.is_root;
  return std::tie(a_later, a.start, a.span_id, a.service, a.name) <
         std::tie(b_later, b.start, b.id, b.service, b.name);
}

// The query protocol counts in 32 bits; more than that stays at the top.
void Increment(std::uint32_t& count) {
  if (count != std::numeric_limits<std::uint32_t>::max()) ++count;
}

bool ByName(const SummaryService& service, std::string_view name) { return service.name < name; }

// Field numbers. DO NOT REUSE: they are on disk.
enum Field : std::uint32_t {
  kLead = 1,
  kStart = 2,
  kEnd = 3,
  kSpanCount = 4,
  kErrorCount = 5,
  kService = 6,
  kTruncated = 7,
};
enum LeadField : std::uint32_t {
  kIsRoot = 1,
  kLeadStart = 2,
  kId = 3,
  kLeadService = 4,
  kName = 5
};
enum ServiceField : std::uint32_t { kServiceName = 1, kOperations = 2 };

UnixNanos Time(std::uint64_t ns) {
  if (ns >> 63 != 0) throw protozero::invalid_length_exception{};
  return UnixNanosFrom(ns);
}

LeadSpan DecodeLead(std::string_view bytes) {
  LeadSpan lead;
  for (WireReader in(bytes); in.Next();) {
    if (in.Is(kIsRoot, WireType::kVarint)) {
      lead.is_root = in.Varint() != 0;
    } else if (in.Is(kLeadStart, WireType::kFixed64)) {
      lead.start = Time(in.Fixed64());
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

SummaryService DecodeService(std::string_view bytes) {
  SummaryService service;
  for (WireReader in(bytes); in.Next();) {
    if (in.Is(kServiceName, WireType::kBytes)) {
      service.name = in.Bytes();
    } else if (in.Is(kOperations, WireType::kBytes)) {
      const std::string_view packed = in.Bytes();
      if (packed.size() % sizeof(std::uint32_t) != 0) throw protozero::invalid_length_exception{};
      service.operations.resize(packed.size() / sizeof(std::uint32_t));
      if (!packed.empty()) std::memcpy(service.operations.data(), packed.data(), packed.size());
    } else {
      in.Skip();
    }
  }
  return service;
}

// What FindService and Add rely on.
bool Ordered(const Summary& summary) {
  const auto names_rise = [](const SummaryService& a, const SummaryService& b) {
    return a.name >= b.name;
  };
  if (std::adjacent_find(summary.services.begin(), summary.services.end(), names_rise) !=
      summary.services.end()) {
    return false;
  }
  return std::all_of(summary.services.begin(), summary.services.end(), [](const auto& service) {
    return std::adjacent_find(service.operations.begin(), service.operations.end(),
                              std::greater_equal<>()) == service.operations.end();
  });
}

}  // namespace

std::uint32_t OperationHash(std::string_view name) { return XXH32(name.data(), name.size(), 0); }

bool Summary::Add(const SpanRecord& span) {
  const bool first = span_count == 0;
  if (first || span.start < start) start = span.start;
  if (first || span.end > end) end = span.end;
  if (first || Leads(span, lead)) {
    lead = {!span.parent_id.valid(), span.start, span.span_id, span.service, span.name};
  }
  Increment(span_count);
  if (span.status_code == 2) Increment(error_count);

  auto service = std::lower_bound(services.begin(), services.end(), span.service, ByName);
  const bool new_service = service == services.end() || service->name != span.service;
  if (new_service) {
    if (services.size() >= kMaxSummaryServices) {
      truncated = true;
      return false;
    }
    service = services.insert(service, SummaryService{span.service, {}});
  }
  std::vector<std::uint32_t>& operations = service->operations;
  const std::uint32_t hash = OperationHash(span.name);
  const auto at = std::lower_bound(operations.begin(), operations.end(), hash);
  if (at != operations.end() && *at == hash) return new_service;
  if (operations.size() >= kMaxSummaryOperations) {
    truncated = true;
  } else {
    operations.insert(at, hash);
  }
  return new_service;
}

const SummaryService* Summary::FindService(std::string_view service) const {
  const auto at = std::lower_bound(services.begin(), services.end(), service, ByName);
  return at != services.end() && at->name == service ? &*at : nullptr;
}

bool Summary::MayHaveOperation(std::string_view service, std::string_view operation) const {
  if (truncated) return true;
  const std::uint32_t hash = OperationHash(operation);
  const auto has = [hash](const SummaryService& candidate) {
    return std::binary_search(candidate.operations.begin(), candidate.operations.end(), hash);
  };
  if (service.empty()) return std::any_of(services.begin(), services.end(), has);
  const SummaryService* const found = FindService(service);
  return found != nullptr && has(*found);
}

std::size_t Summary::MemoryBytes() const {
  std::size_t bytes = sizeof(*this) + lead.service.size() + lead.name.size();
  for (const SummaryService& service : services) {
    bytes +=
        sizeof(service) + service.name.size() + service.operations.size() * sizeof(std::uint32_t);
  }
  return bytes;
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
  for (const SummaryService& service : summary.services) {
    protozero::pbf_writer inner(writer, kService);
    inner.add_bytes(kServiceName, service.name);
    inner.add_bytes(kOperations, reinterpret_cast<const char*>(service.operations.data()),
                    service.operations.size() * sizeof(std::uint32_t));
  }
  if (summary.truncated) writer.add_bool(kTruncated, true);
  return out;
}

Result<Summary> DecodeSummary(std::string_view bytes) {
  Summary summary;
  try {
    for (WireReader in(bytes); in.Next();) {
      if (in.Is(kLead, WireType::kBytes)) {
        summary.lead = DecodeLead(in.Bytes());
      } else if (in.Is(kStart, WireType::kFixed64)) {
        summary.start = Time(in.Fixed64());
      } else if (in.Is(kEnd, WireType::kFixed64)) {
        summary.end = Time(in.Fixed64());
      } else if (in.Is(kSpanCount, WireType::kVarint)) {
        summary.span_count = static_cast<std::uint32_t>(in.Varint());
      } else if (in.Is(kErrorCount, WireType::kVarint)) {
        summary.error_count = static_cast<std::uint32_t>(in.Varint());
      } else if (in.Is(kService, WireType::kBytes)) {
        summary.services.push_back(DecodeService(in.Bytes()));
      } else if (in.Is(kTruncated, WireType::kVarint)) {
        summary.truncated = in.Varint() != 0;
      } else {
        in.Skip();
      }
    }
  } catch (const protozero::exception& error) {
    return Error{Code::kCorrupt, std::string("stored trace summary: ") + error.what()};
  }
  if (summary.span_count == 0 || !Ordered(summary)) {
    return Error{Code::kCorrupt, "stored trace summary: no spans or lists out of order"};
  }
  return summary;
}

}  // namespace clew::store
