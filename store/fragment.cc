#include "store/fragment.h"

#include <memory>
#include <optional>
#include <protozero/exception.hpp>
#include <unordered_map>

#include "store/otlp_fields.h"
#include "store/varint_reader.h"

namespace clew::store {
namespace {

using SharedBytes = std::shared_ptr<const std::string>;

// The distinct byte strings of a fragment, by address: the receiver makes one per ResourceSpans and
// ScopeSpans of a request, which may be as many as there are spans. Spans of one resource come in a
// row.
class Table {
 public:
  std::size_t IndexOf(const SharedBytes& bytes) {
    if (bytes.get() == last_) return index_;
    last_ = bytes.get();
    const auto [at, is_new] = index_of_.try_emplace(last_, entries_.size());
    if (is_new) entries_.push_back(last_);
    return index_ = at->second;
  }
  void AppendTo(std::string& out) const {
    AppendVarint(out, entries_.size());
    for (const std::string* entry : entries_) AppendSized(out, *entry);
  }

 private:
  std::vector<const std::string*> entries_;
  std::unordered_map<const std::string*, std::size_t> index_of_;
  const std::string* last_ = nullptr;  // what was asked for last, and its index
  std::size_t index_ = 0;
};

std::vector<SharedBytes> ReadStrings(VarintReader& in) {
  std::vector<SharedBytes> table(in.Count());
  for (SharedBytes& entry : table) entry = std::make_shared<const std::string>(in.Sized());
  return table;
}

Error Corrupt(const char* what) {
  return Error{Code::kCorrupt, std::string("stored fragment: ") + what};
}

// The span with its indexed fields; nothing when they are not those of a valid span.
std::optional<SpanRecord> ToRecord(std::string_view bytes) {
  const SpanFields fields = ReadSpanFields(bytes);
  const auto trace = TraceId::FromBytes(fields.trace_id);
  const auto span_id = SpanId::FromBytes(fields.span_id);
  const auto parent =
      fields.parent_span_id.empty() ? SpanId{} : SpanId::FromBytes(fields.parent_span_id);
  const bool times_fit = fields.start_unix_nano >> 63 == 0 && fields.end_unix_nano >> 63 == 0;
  if (!trace || !span_id || !parent || !times_fit) return std::nullopt;
  SpanRecord record;
  record.trace_id = *trace;
  record.span_id = *span_id;
  record.parent_id = *parent;
  record.name = fields.name;
  record.kind = static_cast<std::uint8_t>(fields.kind);
  record.status_code = static_cast<std::uint8_t>(fields.status_code);
  record.start = UnixNanosFrom(fields.start_unix_nano);
  record.end = UnixNanosFrom(fields.end_unix_nano);
  record.span = bytes;
  return record;
}

Result<std::vector<SpanRecord>> Decode(std::string_view fragment) {
  if (fragment.empty() || static_cast<std::uint8_t>(fragment[0]) != kFragmentVersion) {
    return Corrupt("unknown version");
  }
  VarintReader in(fragment.substr(1));
  const std::vector<SharedBytes> resources = ReadStrings(in);
  std::vector<std::string> services;
  services.reserve(resources.size());
  for (const SharedBytes& resource : resources) services.emplace_back(ReadServiceName(*resource));
  const std::vector<SharedBytes> scopes = ReadStrings(in);
  const std::uint64_t count = in.Count();
  std::vector<SpanRecord> spans;
  spans.reserve(count / 3);  // a span takes three varints at least; the count itself is not trusted
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t resource = in.Varint();
    const std::uint64_t scope = in.Varint();
    if (resource >= resources.size() || scope >= scopes.size())
      return Corrupt("index out of range");
    auto record = ToRecord(in.Sized());
    if (!record) return Corrupt("not a span");
    record->service = services[resource];
    record->resource = resources[resource];
    record->scope = scopes[scope];
    spans.push_back(std::move(*record));
  }
  if (!in.done()) return Corrupt("bytes behind the last span");
  return spans;
}

}  // namespace

std::string EncodeFragment(std::span<const SpanRecord* const> spans) {
  Table resources;
  Table scopes;
  std::string body;
  std::size_t size = 0;
  for (const SpanRecord* span : spans) size += span->span.size() + 8;
  body.reserve(size);
  for (const SpanRecord* span : spans) {
    AppendVarint(body, resources.IndexOf(span->resource));
    AppendVarint(body, scopes.IndexOf(span->scope));
    AppendSized(body, span->span);
  }
  std::string out(1, static_cast<char>(kFragmentVersion));
  resources.AppendTo(out);
  scopes.AppendTo(out);
  AppendVarint(out, spans.size());
  return out += body;
}

Result<std::vector<SpanRecord>> DecodeFragment(std::string_view fragment) {
  try {
    return Decode(fragment);
  } catch (const protozero::exception& error) {
    return Corrupt(error.what());
  }
}

}  // namespace clew::store
