// OTLP/JSON (TracesData): lowerCamelCase, ids as hex, enums as numbers, 64-bit integers as strings.
// Nothing is left out. Written piece by piece, so that a trace of any size needs little memory.
#pragma once

#include <string>

#include "cli/render/json_output.h"

namespace opentelemetry::proto::trace::v1 {
class ResourceSpans;
}

namespace clew::cli {

class OtlpJsonWriter {
 public:
  explicit OtlpJsonWriter(const JsonOptions& options) : options_(options) {}
  // What comes next of the text.
  std::string Add(const opentelemetry::proto::trace::v1::ResourceSpans& resource_spans);
  // The rest of it.
  std::string End() const;

 private:
  const JsonOptions options_;
  bool begun_ = false;
};

}  // namespace clew::cli
