#include "collector/receiver/validate.h"

#include "base/ids.h"
#include "collector/receiver/utf8.h"
#include "store/keys.h"
#include "store/wire_reader.h"

namespace clew::receiver {
namespace {

using store::WireReader;
using store::WireType;
using Verdict = std::optional<RejectReason>;

Verdict CheckText(std::string_view text) { return IsUtf8(text) ? Verdict{} : RejectReason::kUtf8; }

Verdict CheckValue(std::string_view any_value, int depth_left);

Verdict CheckKeyValue(std::string_view key_value, int depth_left) {
  for (WireReader field(key_value); field.Next();) {
    Verdict verdict;
    if (field.Is(1, WireType::kBytes)) {
      verdict = CheckText(field.Bytes());
    } else if (field.Is(2, WireType::kBytes)) {
      verdict = CheckValue(field.Bytes(), depth_left);
    } else {
      field.Skip();
    }
    if (verdict) return verdict;
  }
  return {};
}

// ArrayValue and KeyValueList: repeated field 1.
Verdict CheckList(std::string_view list, bool of_keys, int depth_left) {
  if (depth_left == 0) return RejectReason::kTooDeep;
  for (WireReader field(list); field.Next();) {
    if (!field.Is(1, WireType::kBytes)) {
      field.Skip();
      continue;
    }
    const std::string_view item = field.Bytes();
    const Verdict verdict =
        of_keys ? CheckKeyValue(item, depth_left - 1) : CheckValue(item, depth_left - 1);
    if (verdict) return verdict;
  }
  return {};
}

Verdict CheckValue(std::string_view any_value, int depth_left) {
  for (WireReader field(any_value); field.Next();) {
    Verdict verdict;
    if (field.Is(store::otlp::kAnyValueString, WireType::kBytes)) {
      verdict = CheckText(field.Bytes());
    } else if (field.Is(5, WireType::kBytes)) {
      verdict = CheckList(field.Bytes(), false, depth_left);
    } else if (field.Is(6, WireType::kBytes)) {
      verdict = CheckList(field.Bytes(), true, depth_left);
    } else {
      field.Skip();
    }
    if (verdict) return verdict;
  }
  return {};
}

// A message that consists of strings, attributes and numbers, like all of OTLP's: `is_text(n)`
// names its string fields, `attributes` the number of its repeated KeyValue.
template <typename IsText>
Verdict CheckMessage(std::string_view message, std::uint32_t attributes, IsText is_text) {
  int count = 0;
  for (WireReader field(message); field.Next();) {
    Verdict verdict;
    if (field.Is(attributes, WireType::kBytes)) {
      if (++count > kMaxAttributes) return RejectReason::kTooMany;
      verdict = CheckKeyValue(field.Bytes(), kMaxDepth);
    } else if (is_text(field.field()) && field.Is(field.field(), WireType::kBytes)) {
      verdict = CheckText(field.Bytes());
    } else {
      field.Skip();
    }
    if (verdict) return verdict;
  }
  return {};
}

Verdict CheckEvent(std::string_view event) {
  return CheckMessage(event, 3, [](std::uint32_t n) { return n == 2; });
}
Verdict CheckLink(std::string_view link) {
  return CheckMessage(link, 4, [](std::uint32_t n) { return n == 3; });
}
Verdict CheckStatus(std::string_view status) {
  return CheckMessage(status, 0, [](std::uint32_t n) { return n == 2; });
}

Verdict CheckResource(std::string_view resource) {
  for (WireReader field(resource); field.Next();) {
    if (!field.Is(3, WireType::kBytes)) {
      field.Skip();
      continue;
    }
    const Verdict verdict = CheckMessage(  // EntityRef: strings only
        field.Bytes(), 0, [](std::uint32_t n) { return n >= 1 && n <= 4; });
    if (verdict) return verdict;
  }
  return CheckMessage(resource, 1, [](std::uint32_t) { return false; });
}

Verdict CheckContents(std::string_view span) {
  int attributes = 0;
  int events = 0;
  int links = 0;
  for (WireReader field(span); field.Next();) {
    Verdict verdict;
    if (field.Is(9, WireType::kBytes)) {
      if (++attributes > kMaxAttributes) return RejectReason::kTooMany;
      verdict = CheckKeyValue(field.Bytes(), kMaxDepth);
    } else if (field.Is(11, WireType::kBytes)) {
      if (++events > kMaxEvents) return RejectReason::kTooMany;
      verdict = CheckEvent(field.Bytes());
    } else if (field.Is(13, WireType::kBytes)) {
      if (++links > kMaxLinks) return RejectReason::kTooMany;
      verdict = CheckLink(field.Bytes());
    } else if (field.Is(15, WireType::kBytes)) {
      verdict = CheckStatus(field.Bytes());
    } else if (field.Is(3, WireType::kBytes) || field.Is(5, WireType::kBytes)) {
      verdict = CheckText(field.Bytes());  // trace_state, name
    } else {
      field.Skip();
    }
    if (verdict) return verdict;
  }
  return {};
}

template <typename Id>
bool IsId(std::string_view bytes) {
  const auto id = Id::FromBytes(bytes);
  return id && id->valid();
}

Verdict CheckFields(const store::SpanFields& fields, UnixNanos now) {
  if (!IsId<TraceId>(fields.trace_id)) return RejectReason::kTraceId;
  if (!IsId<SpanId>(fields.span_id)) return RejectReason::kSpanId;
  if (!fields.parent_span_id.empty() && !IsId<SpanId>(fields.parent_span_id)) {
    return RejectReason::kParentId;
  }
  if (fields.start_unix_nano == 0) return RejectReason::kStartMissing;
  if (fields.end_unix_nano == 0) return RejectReason::kEndMissing;
  if (fields.end_unix_nano < fields.start_unix_nano) return RejectReason::kEndBeforeStart;
  if (fields.end_unix_nano > ToUint64(now + kMaxAhead)) return RejectReason::kInFuture;
  if (fields.kind < 0 || fields.kind > 5) return RejectReason::kKind;
  if (fields.status_code < 0 || fields.status_code > 2) return RejectReason::kStatus;
  if (fields.name.size() > kMaxNameBytes) return RejectReason::kTooLarge;
  return {};
}

// ResourceSpans and ScopeSpans: field 1 is the inner message, 3 the schema URL.
template <typename Check>
bool ContextIsValid(std::string_view context, Check check_inner) {
  if (context.size() > kMaxContextBytes) return false;
  for (WireReader field(context); field.Next();) {
    Verdict verdict;
    if (field.Is(1, WireType::kBytes)) {
      verdict = check_inner(field.Bytes());
    } else if (field.Is(3, WireType::kBytes)) {
      verdict = CheckText(field.Bytes());
    } else {
      field.Skip();
    }
    if (verdict) return false;
  }
  return true;
}

}  // namespace

std::optional<RejectReason> ValidateSpan(std::string_view span, const store::SpanFields& fields,
                                         UnixNanos now) {
  if (const Verdict verdict = CheckFields(fields, now)) return verdict;
  if (span.size() > kMaxSpanBytes) return RejectReason::kTooLarge;
  return CheckContents(span);
}

bool ResourceIsValid(std::string_view resource_spans) {
  return ContextIsValid(resource_spans, CheckResource) &&
         store::ReadServiceName(resource_spans).size() <= store::kMaxServiceName;
}

bool ScopeIsValid(std::string_view scope_spans) {
  return ContextIsValid(scope_spans, [](std::string_view scope) {
    return CheckMessage(scope, 3, [](std::uint32_t n) { return n == 1 || n == 2; });
  });
}

}  // namespace clew::receiver
