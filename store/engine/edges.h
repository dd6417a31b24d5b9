// Calls between services, hour by hour, with a sketch of how long they took.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/keys.h"
#include "store/span_store.h"

namespace clew::store {

inline constexpr std::size_t kMaxEdges = 10'000;  // of an hour, whatever is sent

// How many durations fell where, on a logarithmic scale: each class is 4 % wide, so that a quantile
// is within 2 % of a duration that was there.
class LatencySketch {
 public:
  void Add(std::chrono::nanoseconds duration, double weight);
  void Merge(const LatencySketch& other);
  // The duration that `share` (0 to 1) of all do not exceed; zero without any.
  std::chrono::nanoseconds Quantile(double share) const;
  // Pairs of varints: the class, as the difference to the one before, and the weight in eighths.
  std::string Encode() const;
  // Throws a protozero::exception.
  static LatencySketch Decode(std::string_view bytes);

 private:
  std::map<std::uint32_t, double> classes_;
};

struct EdgeCounts {
  double calls = 0;
  double errors = 0;
  LatencySketch latency;
  void Merge(const EdgeCounts& other);
};
std::string Encode(const EdgeCounts& counts);
Result<EdgeCounts> DecodeEdgeCounts(std::string_view bytes);

using Edges = std::map<EdgeKey, EdgeCounts>;
void Merge(const Edges& other, Edges& into);

// The hour under which a call is counted: that of the called span's start. Hours more than a week
// before or an hour behind `now` are taken only while there are few of them; then the nearest hour
// of that week is, so that forged times make no rows without bound. `known`: hours that have rows.
std::uint32_t EdgeHour(UnixNanos start, UnixNanos now, std::set<std::uint32_t>& known);

// The answer for a client, of all edges given.
DependencyGraph ToGraph(const Edges& edges);

}  // namespace clew::store
