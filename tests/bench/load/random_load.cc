#include "random_load.h"

#include <protozero/pbf_writer.hpp>

#include "random.h"

namespace clew::bench {
namespace {

using protozero::pbf_writer;

constexpr int kServices = 10;
constexpr int kOperations = 10;  // of a service
constexpr int kKeys = 97;
constexpr int kValues = 1000;
constexpr int kAttributes = 11;
constexpr int kSpans = 8;
constexpr std::uint64_t kTraceStepNs = 1'000'000;

std::string ServiceName(int service) { return "service-" + std::to_string(service); }

void AddText(pbf_writer& message, std::uint32_t field, const std::string& key,
             const std::string& value) {
  pbf_writer attribute(message, field);
  attribute.add_string(1, key);
  pbf_writer any(attribute, 2);
  any.add_string(1, value);
}

std::string Value(int number) {
  return "value-" + std::to_string(number) + "-" + std::to_string(number * 7919);
}

std::string Serialize(const store::SpanRecord& record, Random& random) {
  std::string bytes;
  pbf_writer span(bytes);
  span.add_bytes(1, record.trace_id.View().data(), TraceId::kSize);
  span.add_bytes(2, record.span_id.View().data(), SpanId::kSize);
  if (record.parent_id.valid()) span.add_bytes(4, record.parent_id.View().data(), SpanId::kSize);
  span.add_string(5, record.name);
  span.add_enum(6, record.kind);
  span.add_fixed64(7, ToUint64(record.start));
  span.add_fixed64(8, ToUint64(record.end));
  for (int i = 0; i < kAttributes; ++i) {
    AddText(span, 9, "app.attribute.key." + std::to_string(random.Below(kKeys)),
            Value(random.Below(kValues)));
  }
  if (record.status_code != 0) {
    pbf_writer status(span, 15);
    status.add_enum(3, record.status_code);
  }
  return bytes;
}

}  // namespace

RandomLoad::RandomLoad(std::uint64_t seed, std::uint64_t begin_ns)
    : seed_(seed), begin_ns_(begin_ns) {
  for (int service = 0; service < kServices; ++service) {
    std::string bytes;
    {
      pbf_writer resource_spans(bytes);
      pbf_writer resource(resource_spans, 1);
      AddText(resource, 1, "service.name", ServiceName(service));
    }
    resources_.push_back(std::make_shared<const std::string>(std::move(bytes)));
  }
  scope_ = std::make_shared<const std::string>();
}

store::SpanBatch RandomLoad::Records(std::uint64_t first, std::uint64_t count) const {
  store::SpanBatch batch;
  batch.reserve(count * kSpans);
  for (std::uint64_t number = first; number < first + count; ++number) {
    Random random(seed_ ^ number * 0xd1342543de82ef95ull);
    const auto trace = random.NextId<TraceId>();
    SpanId root;
    for (int i = 0; i < kSpans; ++i) {
      store::SpanRecord& record = batch.emplace_back();
      record.trace_id = trace;
      record.span_id = random.NextId<SpanId>();
      if (i == 0) {
        root = record.span_id;
      } else {
        record.parent_id = root;
      }
      const int service = random.Below(kServices);
      record.service = ServiceName(service);
      record.name = "GET /api/v1/resource/" +
                    std::to_string(service * kOperations + random.Below(kOperations));
      record.kind = 2;
      record.status_code = random.Below(50) == 0 ? 2 : 0;
      record.start = UnixNanosFrom(begin_ns_ + number * kTraceStepNs +
                                   static_cast<std::uint64_t>(i) * 1'000'000 +
                                   static_cast<std::uint64_t>(random.Below(100'000)));
      record.end = record.start + std::chrono::nanoseconds(100'000 + random.Below(50'000'000));
      record.resource = resources_[static_cast<std::size_t>(service)];
      record.scope = scope_;
      record.span = Serialize(record, random);
    }
  }
  return batch;
}

}  // namespace clew::bench
