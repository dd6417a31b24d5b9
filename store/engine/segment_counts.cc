#include "store/engine/segment_counts.h"

#include <map>
#include <set>
#include <tuple>

#include "store/query/attributes.h"

namespace clew::store {
namespace {

[[noreturn]] void Damaged() { throw protozero::invalid_length_exception{}; }

class RowCounter {
 public:
  RowCounter(const SegmentReader& segment, Counts& counts)
      : segment_(segment), columns_(segment.columns()), counts_(counts) {}

  void Run(const std::vector<std::uint8_t>& rows) {
    const IntColumn& contexts = columns_.RowInts(Stream::kContexts);
    const IntColumn& shapes = columns_.RowInts(Stream::kShapes);
    const IntColumn& kinds = columns_.RowInts(Stream::kKinds);
    const StringColumn& names = columns_.RowStrings(Stream::kNames);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (rows[row] == 0) continue;
      if (contexts.At(row) >= segment_.contexts().size()) Damaged();
      if (shapes.At(row) >= segment_.attributes().shapes.size()) Damaged();
      ++contexts_[contexts.At(row)];
      ++shapes_[shapes.At(row)];
      const auto kind = static_cast<std::uint8_t>(kinds.At(row));
      ++operations_[{contexts.At(row), names.At(row), kind}];
    }
    AddOperations();
    for (const auto& [context, spans] : contexts_) AddResource(context, spans);
    for (const auto& [shape, spans] : shapes_) AddShape(shape, spans);
  }

 private:
  void AddOperations() {
    for (const auto& [key, spans] : operations_) {
      const auto& [context, name, kind] = key;
      ServiceCounts& service = counts_.services[segment_.contexts()[context].service];
      service.spans += spans;
      service.operations[{std::string(name), kind}].spans += spans;
    }
  }

  // A span that has a key twice counts once.
  void AddKeys(const std::set<std::string_view>& keys, AttributeScope scope, std::uint64_t spans) {
    for (const std::string_view key : keys) counts_.keys[{std::string(key), scope}] += spans;
  }

  void AddResource(std::uint64_t context, std::uint64_t spans) {
    std::set<std::string_view> keys;
    try {
      ReadResourceAttributes(*segment_.contexts()[context].resource,
                             [&](std::string_view key, const ValueView&) {
                               keys.insert(key);
                               return true;
                             });
    } catch (const protozero::exception&) {  // what came before the damage counts
    }
    AddKeys(keys, AttributeScope::kResource, spans);
  }

  void AddShape(std::uint64_t shape, std::uint64_t spans) {
    std::set<std::string_view> keys;
    for (const std::uint32_t column : segment_.attributes().shapes[shape]) {
      keys.insert(segment_.attributes().columns[column].key);
    }
    AddKeys(keys, AttributeScope::kSpan, spans);
  }

  const SegmentReader& segment_;
  const SegmentColumns& columns_;
  Counts& counts_;
  std::map<std::uint64_t, std::uint64_t> contexts_;
  std::map<std::uint64_t, std::uint64_t> shapes_;
  std::map<std::tuple<std::uint64_t, std::string_view, std::uint8_t>, std::uint64_t> operations_;
};

}  // namespace

Status CountRows(const SegmentReader& segment, const std::vector<std::uint8_t>& rows,
                 Counts& counts) {
  try {
    if (rows.size() != segment.rows()) Damaged();
    RowCounter(segment, counts).Run(rows);
    return {};
  } catch (const protozero::exception& error) {
    return Error{Code::kCorrupt, std::string("segment: ") + error.what()};
  }
}

}  // namespace clew::store
