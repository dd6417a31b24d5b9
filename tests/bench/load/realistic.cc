#include "realistic.h"

#include <array>
#include <protozero/pbf_writer.hpp>

#include "random.h"

namespace clew::bench {
namespace {

using protozero::pbf_writer;

constexpr int kServices = 30;
constexpr int kOperations = 20;  // of a service

constexpr std::array<const char*, kServices> kServiceNames = {
    "frontend", "gateway", "checkout", "cart",      "catalog", "search",   "pricing",  "inventory",
    "shipping", "tax",     "payment",  "fraud",     "ledger",  "invoice",  "customer", "session",
    "auth",     "profile", "address",  "recommend", "ads",     "review",   "media",    "email",
    "sms",      "push",    "coupon",   "loyalty",   "returns", "warehouse"};
constexpr std::array<const char*, kOperations> kResources = {
    "orders",  "items",  "users", "prices",  "stocks", "quotes", "labels",
    "refunds", "tokens", "carts", "reviews", "images", "offers", "credits",
    "batches", "events", "slots", "routes",  "rates",  "notes"};

void AddText(pbf_writer& message, std::uint32_t field, const char* key, const std::string& value) {
  pbf_writer attribute(message, field);
  attribute.add_string(1, key);
  pbf_writer any(attribute, 2);
  any.add_string(1, value);
}

void AddNumber(pbf_writer& message, std::uint32_t field, const char* key, std::int64_t value) {
  pbf_writer attribute(message, field);
  attribute.add_string(1, key);
  pbf_writer any(attribute, 2);
  any.add_int64(3, value);
}

std::string SpanName(int operation) {
  const char* const method = operation % 4 == 3 ? "POST" : "GET";
  return std::string(method) + " /api/v1/" + kResources[static_cast<std::size_t>(operation)] +
         "/{id}";
}

int SpanKind(const WorkSpan& span) { return span.parent.valid() ? 3 : 2; }

void AddResource(pbf_writer& resource_spans, int service) {
  pbf_writer resource(resource_spans, 1);
  AddText(resource, 1, "service.name", Workload::ServiceName(service));
  AddText(resource, 1, "host.name",
          "node-" + std::to_string(service % 7) + ".eu-west-1.compute.internal");
  AddText(resource, 1, "service.version", "2." + std::to_string(service) + ".1");
}

void AddScope(pbf_writer& scope_spans) {
  pbf_writer scope(scope_spans, 1);
  scope.add_string(1, "clew");
}

void AddAttributes(pbf_writer& span, const WorkSpan& work) {
  Random random(work.detail);
  const std::string resource = kResources[static_cast<std::size_t>(work.operation)];
  const bool post = work.operation % 4 == 3;
  AddText(span, 9, "http.request.method", post ? "POST" : "GET");
  AddText(span, 9, "url.path", "/api/v1/" + resource + "/" + std::to_string(random.Below(100'000)));
  AddNumber(span, 9, "http.response.status_code", work.error ? 500 : 200);
  AddText(span, 9, "server.address",
          "10.42." + std::to_string(work.service) + "." + std::to_string(random.Below(20)));
  AddNumber(span, 9, "server.port", 8080);
  AddText(span, 9, "network.protocol.version", "1.1");
  AddText(span, 9, "user.id", "u" + std::to_string(random.Below(200'000)));
  AddText(span, 9, "k8s.pod.name",
          Workload::ServiceName(work.service) + "-7f9c6d5b8-" + std::to_string(random.Below(20)));
  AddText(span, 9, "url.scheme", "http");
  AddNumber(span, 9, "http.response.body.size",
            static_cast<std::int64_t>(random.Exponential(20'000)));
  AddText(span, 9, "user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)");
  if (work.text_bytes == 0) return;
  std::string text = "SELECT id";
  while (text.size() < work.text_bytes) {
    text += std::string(", ") + kResources[static_cast<std::size_t>(random.Below(kOperations))] +
            "_" + std::to_string(random.Below(1000));
  }
  AddText(span, 9, "db.query.text", text);
}

}  // namespace

Workload::Workload(std::uint64_t seed, std::uint64_t begin_ns, std::uint64_t step_ns)
    : seed_(seed), begin_ns_(begin_ns), step_ns_(step_ns) {
  for (int service = 0; service < kServices; ++service) {
    std::string bytes;
    pbf_writer resource_spans(bytes);
    AddResource(resource_spans, service);
    resources_.push_back(std::make_shared<const std::string>(std::move(bytes)));
  }
  std::string bytes;
  pbf_writer scope_spans(bytes);
  AddScope(scope_spans);
  scope_ = std::make_shared<const std::string>(std::move(bytes));
}

std::string Workload::ServiceName(int service) {
  return kServiceNames[static_cast<std::size_t>(service)];
}

WorkTrace Workload::Trace(std::uint64_t number) const {
  Random random(seed_ ^ number * 0xd1342543de82ef95ull);
  WorkTrace trace;
  trace.id = random.NextId<TraceId>();
  trace.spans.resize(kSpansPerTrace);
  for (int i = 0; i < kSpansPerTrace; ++i) {
    WorkSpan& span = trace.spans[static_cast<std::size_t>(i)];
    span.id = random.NextId<SpanId>();
    span.service = i == 0 ? 0 : random.Below(kServices);
    span.operation = random.Below(kOperations);
    span.error = random.Below(50) == 0;
    span.start_ns = begin_ns_ + number * step_ns_;
    if (i > 0) {
      const WorkSpan& parent = trace.spans[static_cast<std::size_t>(random.Below(i))];
      span.parent = parent.id;
      span.start_ns = parent.start_ns + static_cast<std::uint64_t>(random.Exponential(2e6));
    }
    span.end_ns = span.start_ns + static_cast<std::uint64_t>(random.Exponential(20e6));
    span.detail = random.Next();
  }
  return trace;
}

std::string Workload::SerializeSpan(const TraceId& trace, const WorkSpan& work) {
  std::string bytes;
  pbf_writer span(bytes);
  span.add_bytes(1, trace.View().data(), TraceId::kSize);
  span.add_bytes(2, work.id.View().data(), SpanId::kSize);
  if (work.parent.valid()) span.add_bytes(4, work.parent.View().data(), SpanId::kSize);
  span.add_string(5, SpanName(work.operation));
  span.add_enum(6, SpanKind(work));
  span.add_fixed64(7, work.start_ns);
  span.add_fixed64(8, work.end_ns);
  AddAttributes(span, work);
  if (work.error) {
    pbf_writer status(span, 15);
    status.add_enum(3, 2);
  }
  span.add_fixed32(16, 0x101);
  return bytes;
}

store::SpanBatch Workload::Records(std::uint64_t first, std::uint64_t count) const {
  store::SpanBatch batch;
  batch.reserve(count * kSpansPerTrace);
  for (std::uint64_t number = first; number < first + count; ++number) {
    const WorkTrace trace = Trace(number);
    for (const WorkSpan& work : trace.spans) {
      store::SpanRecord& record = batch.emplace_back();
      record.trace_id = trace.id;
      record.span_id = work.id;
      record.parent_id = work.parent;
      record.service = ServiceName(work.service);
      record.name = SpanName(work.operation);
      record.kind = static_cast<std::uint8_t>(SpanKind(work));
      record.status_code = work.error ? 2 : 0;
      record.start = UnixNanosFrom(work.start_ns);
      record.end = UnixNanosFrom(work.end_ns);
      record.resource = resources_[static_cast<std::size_t>(work.service)];
      record.scope = scope_;
      record.span = SerializeSpan(trace.id, work);
    }
  }
  return batch;
}

std::string Workload::Request(std::uint64_t first, std::uint64_t count) const {
  std::vector<WorkTrace> traces;
  for (std::uint64_t number = first; number < first + count; ++number) {
    traces.push_back(Trace(number));
  }
  return Request(traces);
}

std::string Workload::Request(std::span<const WorkTrace> traces) {
  std::array<std::vector<std::string>, kServices> by_service;
  for (const WorkTrace& trace : traces) {
    for (const WorkSpan& span : trace.spans) {
      by_service[static_cast<std::size_t>(span.service)].push_back(SerializeSpan(trace.id, span));
    }
  }
  std::string bytes;
  pbf_writer request(bytes);
  for (int service = 0; service < kServices; ++service) {
    const auto& spans = by_service[static_cast<std::size_t>(service)];
    if (spans.empty()) continue;
    pbf_writer resource_spans(request, 1);
    AddResource(resource_spans, service);
    pbf_writer scope_spans(resource_spans, 2);
    AddScope(scope_spans);
    for (const std::string& span : spans) scope_spans.add_bytes(2, span);
  }
  return bytes;
}

}  // namespace clew::bench
