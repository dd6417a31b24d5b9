// Spans as OTLP protobuf bytes, written directly: generated messages cost ten times as much.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "agent/span/span.h"

namespace clew::exporting {

// A span in the form in which it waits and travels: one allocation, of known size.
struct EncodedSpan {
  std::shared_ptr<const span::Resource> resource;
  std::string bytes;       // an opentelemetry.proto.trace.v1.Span
  bool important = false;  // an error, or slow: kept first when not all can be kept
};

// Appends `span` as a Span message. Strings that are not UTF-8, which protobuf would refuse, get
// U+FFFD for each wrong byte: in `span` itself, which nobody needs afterwards.
void EncodeSpan(span::Span& span, std::string& out);

// An ExportTraceServiceRequest of all `spans`, grouped by resource, in one scope named "clew".
std::string EncodeRequest(std::span<const EncodedSpan> spans);

// True when `text` is well-formed UTF-8 (RFC 3629).
bool IsUtf8(std::string_view text);
// `text` with every byte that is not part of well-formed UTF-8 replaced by U+FFFD.
std::string RepairUtf8(std::string_view text);

}  // namespace clew::exporting
