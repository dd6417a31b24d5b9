// Rows about joined traces, and the evidence of a span: what a decoder accepts comes back from its
// own bytes, and a span that is adopted stays a span.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "store/join/evidence.h"
#include "store/join/family.h"
#include "store/join/rows.h"
#include "store/otlp_fields.h"

#include <protozero/exception.hpp>

namespace {

using namespace clew;

void Rows(std::string_view bytes) {
  if (const auto alias = store::DecodeAlias({}, bytes)) {
    if (store::EncodeAlias(*alias) != bytes) std::abort();
  }
  if (const auto child = store::DecodeChild(bytes)) {
    if (bytes.substr(1 + TraceId::kSize) != child->View()) std::abort();
  }
  if (store::DecodeExtent(bytes)) store::SequenceOfAliasRow("f", bytes);
  store::SequenceOfAliasRow(bytes, bytes);
  if (const auto span = store::DecodePending(store::PendingKey(1, 2), bytes)) {
    const auto again = store::DecodePending(store::PendingKey(1, 2), store::EncodePending(*span));
    if (again != span) std::abort();
  }
}

bool IsSpan(std::string_view bytes) {
  try {
    store::ReadSpanFields(bytes);
  } catch (const protozero::exception&) {
    return false;
  }
  return true;
}

void Span(std::string_view bytes) {
  store::SpanRecord span;
  span.kind = store::kClientKind;
  span.span = bytes;
  store::ReadJoinEvidence(span);
  const TraceId top = *TraceId::FromHex("11111111111111111111111111111111");
  store::FamilyMember member;
  member.alias.parent = *SpanId::FromHex("2222222222222222");
  member.alias.method = "join";
  store::AdoptSpan(top, member, span);
  // Damage inside of a field is carried along.
  if (span.trace_id != top || !IsSpan(bytes)) return;
  const store::SpanFields fields = store::ReadSpanFields(span.span);
  if (fields.trace_id != top.View()) std::abort();
  if (fields.parent_span_id != member.alias.parent.View()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Rows(bytes);
  Span(bytes);
  return 0;
}
