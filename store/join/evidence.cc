#include "store/join/evidence.h"

#include <string.h>
#include <xxhash.h>

#include <cmath>
#include <limits>
#include <protozero/exception.hpp>
#include <string_view>

#include "base/bytes.h"
#include "store/join/alias.h"
#include "store/query/attributes.h"

namespace clew::store {
namespace {

constexpr std::string_view kSeq = "clew.request.tcp_seq";
constexpr std::string_view kClaim = "clew.alias.";
constexpr std::size_t kMaxAddress = 64;  // bytes; the longest IPv6 address with a zone has less

// Most spans have neither: two searches of some hundred bytes cost less than reading attributes.
bool Mentions(const std::string& span, std::string_view key) {
  return ::memmem(span.data(), span.size(), key.data(), key.size()) != nullptr;
}

struct End {
  std::string_view address;
  std::optional<std::uint16_t> port;
};

struct Attributes {
  End local;
  End peer;
  std::optional<std::uint32_t> seq;
  std::string_view alias_trace;
  std::string_view alias_span;
  std::string_view alias_method = "alias";
  double alias_confidence = 1;
};

template <typename T>
std::optional<T> Integer(const ValueView& value) {
  if (value.type != ValueView::Type::kInt || value.integer < 0 ||
      value.integer > std::numeric_limits<T>::max()) {
    return std::nullopt;
  }
  return static_cast<T>(value.integer);
}

void Take(std::string_view key, const ValueView& value, Attributes& out) {
  if (key == "network.local.address") {
    out.local.address = value.string;
  } else if (key == "network.local.port") {
    out.local.port = Integer<std::uint16_t>(value);
  } else if (key == "network.peer.address") {
    out.peer.address = value.string;
  } else if (key == "network.peer.port") {
    out.peer.port = Integer<std::uint16_t>(value);
  } else if (key == kSeq) {
    out.seq = Integer<std::uint32_t>(value);
  } else if (key == "clew.alias.trace_id") {
    out.alias_trace = value.string;
  } else if (key == "clew.alias.span_id") {
    out.alias_span = value.string;
  } else if (key == "clew.alias.method") {
    out.alias_method = value.string;
  } else if (key == "clew.alias.confidence") {
    out.alias_confidence = value.type == ValueView::Type::kDouble ? value.real : -1;
  }
}

void AppendEnd(const End& end, std::string& out) {
  out.append(end.address);
  out.push_back('\0');
  AppendU16be(out, *end.port);
}

std::optional<WireKey> KeyOf(const Attributes& attributes, bool is_client) {
  for (const End* end : {&attributes.local, &attributes.peer}) {
    if (end->address.empty() || end->address.size() > kMaxAddress || !end->port)
      return std::nullopt;
  }
  if (!attributes.seq) return std::nullopt;
  std::string bytes;
  AppendEnd(is_client ? attributes.local : attributes.peer, bytes);
  AppendEnd(is_client ? attributes.peer : attributes.local, bytes);
  AppendU32be(bytes, *attributes.seq);
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return WireKey{hash.high64, hash.low64};
}

std::optional<AliasClaim> ClaimOf(const Attributes& attributes) {
  const auto trace = TraceId::FromHex(attributes.alias_trace);
  const auto span = SpanId::FromHex(attributes.alias_span);
  const double confidence = attributes.alias_confidence;
  if (!trace || !trace->valid() || !span || !span->valid()) return std::nullopt;
  if (!(confidence >= 0 && confidence <= 1)) return std::nullopt;
  if (attributes.alias_method.empty() || attributes.alias_method.size() > kMaxAliasMethod) {
    return std::nullopt;
  }
  return AliasClaim{*trace, *span, std::string(attributes.alias_method),
                    static_cast<std::uint16_t>(std::lround(confidence * kCertain))};
}

}  // namespace

JoinEvidence ReadJoinEvidence(const SpanRecord& span) {
  const bool is_root = !span.parent_id.valid();
  const bool is_client = span.kind == kClientKind;
  const bool on_wire =
      (is_client || (span.kind == kServerKind && is_root)) && Mentions(span.span, kSeq);
  const bool claims = is_root && Mentions(span.span, kClaim);
  JoinEvidence evidence;
  if (!on_wire && !claims) return evidence;
  Attributes attributes;
  try {
    ReadSpanAttributes(span.span, [&](std::string_view key, const ValueView& value) {
      Take(key, value, attributes);
      return true;
    });
  } catch (const protozero::exception&) {
    return evidence;
  }
  if (on_wire) evidence.wire = KeyOf(attributes, is_client);
  if (claims) evidence.claim = ClaimOf(attributes);
  return evidence;
}

}  // namespace clew::store
