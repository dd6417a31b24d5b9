#include "store/engine/edges.h"

#include <algorithm>
#include <cmath>
#include <protozero/pbf_writer.hpp>
#include <tuple>
#include <unordered_map>

#include "base/hex.h"
#include "store/varint_reader.h"
#include "store/wire_reader.h"

namespace clew::store {
namespace {

// Upper bounds of neighbouring classes are 1.04 apart; the middle of a class is within 2 % of its
// ends.
const double kLogGamma = std::log(1.04);
constexpr std::uint32_t kMaxClass = 1200;  // over 2^63 ns
constexpr double kEighths = 8;
constexpr double kMaxWeight = 0x1p60;

// Field numbers. DO NOT REUSE: they are on disk.
enum Field : std::uint32_t { kCalls = 1, kErrors = 2, kLatency = 3 };

std::uint32_t HourOf(UnixNanos time) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::hours>(time.time_since_epoch()).count());
}

}  // namespace

double& LatencySketch::At(std::uint32_t at) {
  if (weights_.empty()) first_ = at;
  if (at < first_) {
    weights_.insert(weights_.begin(), first_ - at, 0);
    first_ = at;
  }
  if (at - first_ >= weights_.size()) weights_.resize(at - first_ + 1);
  return weights_[at - first_];
}

void LatencySketch::Add(std::chrono::nanoseconds duration, double weight) {
  const double ns = static_cast<double>(std::max<std::int64_t>(duration.count(), 1));
  At(static_cast<std::uint32_t>(std::ceil(std::log(ns) / kLogGamma))) += weight;
}

void LatencySketch::Merge(const LatencySketch& other) {
  if (other.weights_.empty()) return;
  At(other.first_ + static_cast<std::uint32_t>(other.weights_.size()) - 1) += 0;  // makes room
  double* const into = &At(other.first_);
  for (std::size_t i = 0; i < other.weights_.size(); ++i) into[i] += other.weights_[i];
}

std::chrono::nanoseconds LatencySketch::Quantile(double share) const {
  double total = 0;
  for (const double weight : weights_) total += weight;
  double seen = 0;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    seen += weights_[i];
    if (weights_[i] == 0 || seen < share * total) continue;
    const double upper = std::exp(static_cast<double>(first_ + i) * kLogGamma);
    return std::chrono::nanoseconds(std::llround(upper * 2 / (1 + std::exp(kLogGamma))));
  }
  return std::chrono::nanoseconds{0};
}

std::string LatencySketch::Encode() const {
  std::string out;
  AppendVarint(out, first_);
  for (const double weight : weights_) {
    const double eighths = std::min(weight, kMaxWeight) * kEighths;
    AppendVarint(out, static_cast<std::uint64_t>(std::llround(eighths)));
  }
  return out;
}

LatencySketch LatencySketch::Decode(std::string_view bytes) {
  LatencySketch sketch;
  VarintReader in(bytes);
  sketch.first_ = static_cast<std::uint32_t>(in.VarintUpTo(kMaxClass));
  while (!in.done()) {
    if (sketch.first_ + sketch.weights_.size() > kMaxClass) {
      throw protozero::invalid_length_exception{};
    }
    sketch.weights_.push_back(static_cast<double>(in.Varint()) / kEighths);
  }
  return sketch;
}

void EdgeCounts::Merge(const EdgeCounts& other) {
  calls += other.calls;
  errors += other.errors;
  latency.Merge(other.latency);
}

std::string Encode(const EdgeCounts& counts) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_double(kCalls, counts.calls);
  writer.add_double(kErrors, counts.errors);
  writer.add_bytes(kLatency, counts.latency.Encode());
  return out;
}

Result<EdgeCounts> DecodeEdgeCounts(std::string_view bytes) {
  EdgeCounts counts;
  const auto read_double = [](WireReader& in) {
    const std::uint64_t bits = in.Fixed64();
    double value = 0;
    std::memcpy(&value, &bits, sizeof(value));
    if (!(value >= 0)) throw protozero::invalid_length_exception{};  // nor NaN
    return value;
  };
  try {
    for (WireReader in(bytes); in.Next();) {
      if (in.Is(kCalls, WireType::kFixed64)) {
        counts.calls = read_double(in);
      } else if (in.Is(kErrors, WireType::kFixed64)) {
        counts.errors = read_double(in);
      } else if (in.Is(kLatency, WireType::kBytes)) {
        counts.latency = LatencySketch::Decode(in.Bytes());
      } else {
        in.Skip();
      }
    }
  } catch (const protozero::exception& error) {
    return Error{Code::kCorrupt, std::string("stored calls between services: ") + error.what()};
  }
  return counts;
}

std::string NameOfCalls(std::string_view key) {
  if (const auto edge = DecodeEdgeKey(key)) {
    return "calls of hour " + std::to_string(edge->hour) + " from " + edge->caller + " to " +
           edge->callee;
  }
  constexpr std::size_t kMostShown = 64;  // bytes
  const std::string name = "calls with the key " + ToHex(key.substr(0, kMostShown));
  return key.size() > kMostShown ? name + "..." : name;
}

namespace {

// Calls point at few names, each at one place: by address an edge is found without comparing texts.
struct CallRoute {
  std::uint32_t hour = 0;
  const std::string* caller = nullptr;
  const std::string* callee = nullptr;
  bool operator==(const CallRoute&) const = default;
};
struct CallRouteHash {
  std::size_t operator()(const CallRoute& route) const {
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;  // spreads what is close together
    const auto address = [](const std::string* name) {
      return static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(name));
    };
    std::uint64_t hash = (route.hour ^ address(route.caller)) * kOdd;
    hash = (hash ^ (hash >> 32) ^ address(route.callee)) * kOdd;
    return hash ^ (hash >> 32);
  }
};

// Adds each call of hours `first` to `last` to the counts that `find` gives for its route.
template <typename Find>
void EachCall(std::span<const Call> calls, std::uint32_t first, std::uint32_t last, Find find) {
  std::unordered_map<CallRoute, EdgeCounts*, CallRouteHash> known;
  for (const Call& call : calls) {
    if (call.hour < first || call.hour > last) continue;
    EdgeCounts*& edge = known[{call.hour, call.caller, call.callee}];
    if (edge == nullptr) edge = find(call);
    edge->calls += call.weight;
    if (call.error) edge->errors += call.weight;
    edge->latency.Add(call.duration, call.weight);
  }
}

}  // namespace

void AddCalls(std::span<const Call> calls, std::uint32_t bucket, Edges& edges) {
  EachCall(calls, 0, ~0u, [&](const Call& call) {
    return &edges[{call.hour, bucket, *call.caller, *call.callee}];
  });
}

std::uint32_t EdgeHour(UnixNanos start, UnixNanos now, std::set<std::uint32_t>& known) {
  constexpr std::uint32_t kHoursBefore = 7 * 24;
  constexpr std::size_t kMaxStrayHours = 2000;
  const std::uint32_t latest = HourOf(std::max(now, UnixNanos{})) + 1;
  const std::uint32_t earliest = latest > kHoursBefore ? latest - kHoursBefore : 0;
  std::uint32_t hour = HourOf(std::max(start, UnixNanos{}));
  const bool stray = hour < earliest || hour > latest;
  if (stray && !known.contains(hour) && known.size() >= kMaxStrayHours) {
    hour = std::clamp(hour, earliest, latest);
  }
  known.insert(hour);
  return hour;
}

void CallTotals::Add(const EdgeKey& key, const EdgeCounts& counts) {
  totals_[{key.caller, key.callee}].Merge(counts);
  ++rows_[{key.hour, key.bucket}];
}

void CallTotals::Add(std::span<const Call> calls, std::uint32_t first, std::uint32_t last) {
  EachCall(calls, first, last, [&](const Call& call) {
    return &totals_[{*call.caller, *call.callee}];
  });
}

DependencyGraph CallTotals::Graph() const {
  DependencyGraph graph;
  for (const auto& [services, counts] : totals_) {
    graph.edges.push_back({.caller = services.first,
                           .callee = services.second,
                           .calls = counts.calls,
                           .errors = counts.errors,
                           .p50 = counts.latency.Quantile(0.50),
                           .p95 = counts.latency.Quantile(0.95),
                           .p99 = counts.latency.Quantile(0.99)});
  }
  for (const auto& [unused, rows] : rows_) {
    graph.truncated = graph.truncated || rows >= kMaxEdges;
  }
  return graph;
}

}  // namespace clew::store
