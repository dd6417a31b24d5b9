// Spans for tests of the exporter.
#pragma once

#include <memory>
#include <string>

#include "agent/span/span.h"

namespace clew::exporting {

inline std::shared_ptr<const span::Resource> ResourceNamed(const std::string& name) {
  auto resource = std::make_shared<span::Resource>();
  resource->service_name = name;
  resource->attributes = {{"service.name", name}, {"process.pid", std::int64_t{7}}};
  return resource;
}

inline span::Span TestSpan(const std::string& name = "GET /orders/{id}",
                           std::shared_ptr<const span::Resource> resource = ResourceNamed("shop")) {
  span::Span span;
  span.resource = std::move(resource);
  span.trace_id = TraceId::Random();
  span.span_id = SpanId::Random();
  span.trace_flags = 1;
  span.name = name;
  span.start = UnixNanos(std::chrono::seconds(1'700'000'000));
  span.end = span.start + std::chrono::milliseconds(5);
  span.attributes = {{"http.request.method", std::string("GET")},
                     {"http.response.status_code", std::int64_t{200}}};
  return span;
}

}  // namespace clew::exporting
