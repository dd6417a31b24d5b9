// Calls between services, hour by hour, with a sketch of how long they took.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/keys.h"
#include "store/span_store.h"

namespace clew::store {

// Of an hour, of those that came in one bucket, whatever is sent.
inline constexpr std::size_t kMaxEdges = 10'000;

// How many durations fell where, on a logarithmic scale: each class is 4 % wide, so that a quantile
// is within 2 % of a duration that was there.
class LatencySketch {
 public:
  void Add(std::chrono::nanoseconds duration, double weight);
  void Merge(const LatencySketch& other);
  // The duration that `share` (0 to 1) of all do not exceed; zero without any.
  std::chrono::nanoseconds Quantile(double share) const;
  // The first class, then the weight of it and of each that follows in eighths, as varints.
  std::string Encode() const;
  // Throws a protozero::exception.
  static LatencySketch Decode(std::string_view bytes);

 private:
  double& At(std::uint32_t at);

  std::uint32_t first_ = 0;
  std::vector<double> weights_;  // of the class `first_` and those behind it
};

struct EdgeCounts {
  double calls = 0;
  double errors = 0;
  LatencySketch latency;
  void Merge(const EdgeCounts& other);
};
std::string Encode(const EdgeCounts& counts);
Result<EdgeCounts> DecodeEdgeCounts(std::string_view bytes);
// Names a row of calls by its key, with the prefix: "calls of hour 493216 from web to cart"; one of
// the wrong shape by its bytes in hex.
std::string NameOfCalls(std::string_view key);

using Edges = std::map<EdgeKey, EdgeCounts>;

// One call. The names live as long as the writer of the store.
struct Call {
  const std::string* caller = nullptr;
  const std::string* callee = nullptr;
  std::uint32_t hour = 0;
  bool error = false;
  std::chrono::nanoseconds duration{0};
  double weight = 1;
};
// Counts calls that came in `bucket`.
void AddCalls(std::span<const Call> calls, std::uint32_t bucket, Edges& edges);

// The hour under which a call is counted: that of the called span's start. Hours more than a week
// before or an hour behind `now` are taken only while there are few of them; then the nearest hour
// of that week is, so that forged times make no rows without bound. `known`: hours that have rows.
std::uint32_t EdgeHour(UnixNanos start, UnixNanos now, std::set<std::uint32_t>& known);

// What an answer sums up: rows that are sealed and calls that are hot, of all hours asked for.
class CallTotals {
 public:
  void Add(const EdgeKey& key, const EdgeCounts& counts);
  // Those of hours `first` to `last`.
  void Add(std::span<const Call> calls, std::uint32_t first, std::uint32_t last);
  DependencyGraph Graph() const;

 private:
  std::map<std::pair<std::string, std::string>, EdgeCounts> totals_;     // by caller, callee
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> rows_;  // by hour, bucket
};

}  // namespace clew::store
