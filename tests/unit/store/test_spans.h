// Spans for the store's tests: real OTLP bytes, made by the generated classes, with the fields that
// the store indexes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "store/span_store.h"

namespace clew::store {

using TestValue = std::variant<std::string, bool, std::int64_t, double>;
using TestAttributes = std::vector<std::pair<std::string, TestValue>>;

struct TestSpan {
  std::uint64_t trace = 1;
  std::uint64_t id = 1;
  std::uint64_t parent = 0;  // 0: root
  std::string service = "shop";
  std::string name = "GET /";
  std::uint64_t start_ms = 1000;
  std::uint64_t duration_ms = 10;
  bool error = false;
  std::string payload;  // an attribute, so that spans with equal ids can differ
  std::uint8_t kind = 2;
  TestAttributes attributes;  // behind `payload`
  TestAttributes resource;    // behind service.name
  std::string trace_state;
};

TraceId TestTraceId(std::uint64_t number);
SpanRecord MakeSpan(const TestSpan& span);

// "service name id payload": what tests compare, order left out of it.
std::vector<std::string> Sorted(const std::vector<SpanRecord>& spans);
// All that the store holds of a trace.
std::vector<SpanRecord> ReadAll(SpanStore& store, const TraceId& trace);

// The query of an expression, which must be right.
Query Ask(std::string_view expression);
// The traces of all pages.
std::vector<TraceSummary> SearchAll(SpanStore& store, Query query);

// A directory that goes when the test ends.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace clew::store
