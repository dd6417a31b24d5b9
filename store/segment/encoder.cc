#include "store/segment/encoder.h"

#include <algorithm>
#include <bitset>
#include <map>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "store/otlp_fields.h"
#include "store/query/attributes.h"
#include "store/segment/attribute_columns.h"
#include "store/segment/layout.h"
#include "store/segment/segment_writer.h"
#include "store/varint_reader.h"

namespace clew::store {
namespace {

using Ints = std::vector<std::uint64_t>;

// Linear search in a trace is faster than a map up to here.
constexpr std::size_t kSmallTrace = 24;
// last_column of strings outside of attribute columns; attributes count from 1.
constexpr std::uint32_t kNameColumn = ~0u;

std::uint64_t Nanos(std::chrono::nanoseconds duration) {
  return static_cast<std::uint64_t>(duration.count());
}

// Resources and scopes of a segment, each once, and the pairs of them that spans have.
class Contexts {
 public:
  explicit Contexts(TermFilterBuilder& filter) : filter_(filter) {}

  std::uint64_t CodeOf(const SpanRecord& span) {
    if (span.resource.get() == resource_ && span.scope.get() == scope_) return code_;
    resource_ = span.resource.get();
    scope_ = span.scope.get();
    const auto [resource, new_resource] = resource_of_.try_emplace(*resource_, resources_.size());
    if (new_resource) {
      resources_.push_back(*resource_);
      bytes_ += resource_->size();
      AddTerms(span);
    }
    const auto [scope, new_scope] = scope_table_.try_emplace(*scope_, scopes_.size());
    if (new_scope) {
      scopes_.push_back(*scope_);
      bytes_ += scope_->size();
    }
    const auto [pair, new_pair] =
        pair_of_.try_emplace({resource->second, scope->second}, pairs_.size());
    if (new_pair) pairs_.push_back(pair->first);
    return code_ = pair->second;
  }

  std::size_t bytes() const { return bytes_; }  // of all of them

  std::string Table() const {
    std::string out;
    AppendVarint(out, resources_.size());
    for (const std::string_view resource : resources_) AppendSized(out, resource);
    AppendVarint(out, scopes_.size());
    for (const std::string_view scope : scopes_) AppendSized(out, scope);
    AppendVarint(out, pairs_.size());
    for (const auto& [resource, scope] : pairs_) {
      AppendVarint(out, resource);
      AppendVarint(out, scope);
    }
    return out;
  }

 private:
  void AddTerms(const SpanRecord& span) {
    filter_.Add(TermHash(TermKind::kService, span.service));
    ReadResourceAttributes(*span.resource, [&](std::string_view key, const ValueView& value) {
      const std::uint64_t key_hash = TermHash(TermKind::kResourceKey, key);
      filter_.Add(key_hash);
      if (const auto term = TermOf(value, text_)) {
        filter_.Add(AttributeHash(key_hash, ValueHash(*term)));
      }
      return true;
    });
  }

  TermFilterBuilder& filter_;
  const std::string* resource_ = nullptr;  // of the last span
  const std::string* scope_ = nullptr;
  std::uint64_t code_ = 0;
  std::size_t bytes_ = 0;
  std::map<std::string_view, std::size_t> resource_of_;
  std::map<std::string_view, std::size_t> scope_table_;
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> pair_of_;
  std::vector<std::string_view> resources_;
  std::vector<std::string_view> scopes_;
  std::vector<std::pair<std::size_t, std::size_t>> pairs_;
  std::string text_;
};

}  // namespace

class SegmentEncoder::Columns {
 public:
  void AddTrace(std::span<const SegmentRow> rows, std::string_view base) {
    CLEW_CHECK(!rows.empty());
    const SpanRecord& first = *rows.front().span;
    if (!base.empty()) {
      AppendVarint(bases_, trace_rows_.size());
      AppendSized(bases_, base);
    }
    trace_ids_ += first.trace_id.View();
    trace_rows_.push_back(rows.size());
    trace_starts_.push_back(ToUint64(first.start));
    IndexIds(rows);
    for (std::size_t i = 0; i < rows.size(); ++i) AddRow(rows, i);
  }

  std::size_t rows() const { return kinds_.size(); }
  std::size_t bytes() const { return span_bytes_ + bases_.size() + contexts_.bytes(); }

  EncodedSegment Finish() {
    CLEW_CHECK(rows() > 0);
    const std::vector<std::string_view> dictionary = strings_.Finish();
    SegmentWriter out;
    out.PutBytes(Stream::kTraceIds, trace_ids_);
    out.PutInts(Stream::kTraceRows, trace_rows_);
    out.PutInts(Stream::kTraceStarts, trace_starts_);
    out.PutBytes(Stream::kTraceBases, bases_);
    out.PutBytes(Stream::kSpanIds, span_ids_);
    out.PutInts(Stream::kParents, parents_);
    out.PutBytes(Stream::kParentIds, parent_ids_);
    out.PutInts(Stream::kStarts, starts_);
    out.PutInts(Stream::kDurations, durations_);
    out.PutInts(Stream::kKinds, kinds_);
    out.PutInts(Stream::kStatuses, statuses_);
    out.PutInts(Stream::kContexts, row_contexts_);
    out.PutBytes(Stream::kContextTable, contexts_.Table());
    out.PutStrings(Stream::kDictionary, dictionary);
    out.PutInts(Stream::kArrivals, arrivals_);
    out.PutInts(Stream::kExactRows, exact_rows_);
    out.PutStrings(Stream::kExactSpans, exact_spans_);
    out.PutColumn(Stream::kNames, names_, strings_);
    out.PutColumn(Stream::kTraceStates, trace_states_, strings_);
    out.PutColumn(Stream::kStatusFields, status_fields_, strings_);
    out.PutColumn(Stream::kMiddles, middles_, strings_);
    out.PutColumn(Stream::kTails, tails_, strings_);
    attributes_.Write(out);
    attributes_.AddRanges();
    EncodedSegment segment;
    segment.rows = static_cast<std::uint32_t>(rows());
    segment.traces = static_cast<std::uint32_t>(trace_rows_.size());
    segment.exact_spans = static_cast<std::uint32_t>(exact_rows_.size());
    segment.bytes = out.Finish(segment.rows, segment.traces);
    segment.filter = filter_.Finish();
    return segment;
  }

 private:
  void IndexIds(std::span<const SegmentRow> rows) {
    id_rows_.clear();
    if (rows.size() <= kSmallTrace) return;
    for (std::size_t i = 0; i < rows.size(); ++i) id_rows_.try_emplace(rows[i].span->span_id, i);
  }

  // Position of the parent among the trace's spans here, or its size.
  std::size_t FindParent(std::span<const SegmentRow> rows, const SpanId& parent) const {
    if (rows.size() > kSmallTrace) {
      const auto at = id_rows_.find(parent);
      return at == id_rows_.end() ? rows.size() : at->second;
    }
    std::size_t i = 0;
    while (i < rows.size() && rows[i].span->span_id != parent) ++i;
    return i;
  }

  void AddParent(std::span<const SegmentRow> rows, const SpanId& parent) {
    if (!parent.valid()) {
      parents_.push_back(0);
      return;
    }
    const std::size_t at = FindParent(rows, parent);
    if (at < rows.size()) {
      parents_.push_back(at + 2);
    } else {
      parents_.push_back(1);
      parent_ids_ += parent.View();
    }
  }

  void AddRow(std::span<const SegmentRow> trace, std::size_t index) {
    const SpanRecord& span = *trace[index].span;
    ReadSpanParts(span.span, parts_);
    span_bytes_ += span.span.size();
    span_ids_ += span.span_id.View();
    AddParent(trace, span.parent_id);
    starts_.push_back(Nanos(span.start - trace.front().span->start));
    durations_.push_back(Nanos(span.end - span.start));
    kinds_.push_back(span.kind);
    statuses_.push_back(span.status_code);
    row_contexts_.push_back(contexts_.CodeOf(span));
    arrivals_.push_back(trace[index].arrival);
    AddFieldTerms(span);
    names_.push_back(strings_.Intern(span.name));
    StringTable::Entry& name = strings_.at(names_.back());
    if (name.last_column != kNameColumn) {
      name.last_column = kNameColumn;
      filter_.Add(TermHash(TermKind::kName, name.text));
    }
    trace_states_.push_back(strings_.Intern(parts_.trace_state));
    status_fields_.push_back(strings_.Intern(parts_.status));
    middles_.push_back(strings_.Intern(parts_.middle));
    tails_.push_back(strings_.Intern(parts_.tail));
    attributes_.Add(parts_.attributes);
    CompareWithColumns(span);
  }

  void AddFieldTerms(const SpanRecord& span) {
    if (!kinds_seen_.test(span.kind)) {
      kinds_seen_.set(span.kind);
      filter_.Add(TermHash(TermKind::kKind, std::to_string(span.kind)));
    }
    if (!statuses_seen_.test(span.status_code)) {
      statuses_seen_.set(span.status_code);
      filter_.Add(TermHash(TermKind::kStatus, std::to_string(span.status_code)));
    }
  }

  // What a reader would put together from the columns, against what came.
  void CompareWithColumns(const SpanRecord& span) {
    parts_.trace_id = span.trace_id.View();
    parts_.span_id = span.span_id.View();
    parts_.parent_id = span.parent_id.valid() ? span.parent_id.View() : std::string_view{};
    parts_.name = span.name;
    parts_.kind = span.kind;
    parts_.start = ToUint64(span.start);
    parts_.end = ToUint64(span.end);
    again_.clear();
    AppendSpan(parts_, again_);
    if (again_ == span.span) return;
    exact_rows_.push_back(rows() - 1);
    exact_spans_.push_back(span.span);
  }

  StringTable strings_;
  TermFilterBuilder filter_;
  Contexts contexts_{filter_};
  AttributeColumns attributes_{strings_, filter_};
  std::size_t span_bytes_ = 0;
  std::bitset<256> kinds_seen_;
  std::bitset<256> statuses_seen_;

  std::string trace_ids_;
  std::string bases_;
  Ints trace_rows_;
  Ints trace_starts_;
  std::string span_ids_;
  Ints parents_;
  std::string parent_ids_;
  Ints starts_;
  Ints durations_;
  Ints kinds_;
  Ints statuses_;
  Ints row_contexts_;
  Ints arrivals_;
  Ints exact_rows_;
  std::vector<std::string_view> exact_spans_;
  StringIds names_;
  StringIds trace_states_;
  StringIds status_fields_;
  StringIds middles_;
  StringIds tails_;

  // Of the trace or span in hand; kept for their memory.
  std::unordered_map<SpanId, std::size_t> id_rows_;
  SpanParts parts_;
  std::string again_;
};

SegmentEncoder::SegmentEncoder() : columns_(std::make_unique<Columns>()) {}
SegmentEncoder::~SegmentEncoder() = default;

void SegmentEncoder::AddTrace(std::span<const SegmentRow> rows, std::string_view base) {
  columns_->AddTrace(rows, base);
}
std::size_t SegmentEncoder::rows() const { return columns_->rows(); }
std::size_t SegmentEncoder::bytes() const { return columns_->bytes(); }

EncodedSegment SegmentEncoder::Finish() {
  EncodedSegment segment = columns_->Finish();
  columns_ = std::make_unique<Columns>();
  return segment;
}

}  // namespace clew::store
