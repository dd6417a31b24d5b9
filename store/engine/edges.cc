#include "store/engine/edges.h"

#include <algorithm>
#include <cmath>
#include <protozero/pbf_writer.hpp>

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

void LatencySketch::Add(std::chrono::nanoseconds duration, double weight) {
  const double ns = static_cast<double>(std::max<std::int64_t>(duration.count(), 1));
  classes_[static_cast<std::uint32_t>(std::ceil(std::log(ns) / kLogGamma))] +=
      weight;
}

void LatencySketch::Merge(const LatencySketch& other) {
  for (const auto& [at, weight] : other.classes_) classes_[at] += weight;
}

std::chrono::nanoseconds LatencySketch::Quantile(double share) const {
  double total = 0;
  for (const auto& [unused, weight] : classes_) total += weight;
  double seen = 0;
  for (const auto& [at, weight] : classes_) {
    seen += weight;
    if (seen < share * total) continue;
    const double upper = std::exp(at * kLogGamma);
    return std::chrono::nanoseconds(std::llround(upper * 2 / (1 + std::exp(kLogGamma))));
  }
  return std::chrono::nanoseconds{0};
}

std::string LatencySketch::Encode() const {
  std::string out;
  std::uint32_t last = 0;
  for (const auto& [at, weight] : classes_) {
    AppendVarint(out, at - last);
    AppendVarint(out, static_cast<std::uint64_t>(std::llround(std::min(weight, kMaxWeight) * kEighths)));
    last = at;
  }
  return out;
}

LatencySketch LatencySketch::Decode(std::string_view bytes) {
  LatencySketch sketch;
  std::uint32_t at = 0;
  for (VarintReader in(bytes); !in.done();) {
    at += static_cast<std::uint32_t>(in.VarintUpTo(kMaxClass - at));
    sketch.classes_[at] = static_cast<double>(in.Varint()) / kEighths;
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

void Merge(const Edges& other, Edges& into) {
  for (const auto& [key, counts] : other) into[key].Merge(counts);
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

DependencyGraph ToGraph(const Edges& edges) {
  std::map<std::pair<std::string, std::string>, EdgeCounts> totals;
  std::map<std::uint32_t, std::size_t> per_hour;
  for (const auto& [key, counts] : edges) {
    totals[{key.caller, key.callee}].Merge(counts);
    ++per_hour[key.hour];
  }
  DependencyGraph graph;
  for (const auto& [services, counts] : totals) {
    graph.edges.push_back({.caller = services.first,
                           .callee = services.second,
                           .calls = counts.calls,
                           .errors = counts.errors,
                           .p50 = counts.latency.Quantile(0.50),
                           .p95 = counts.latency.Quantile(0.95),
                           .p99 = counts.latency.Quantile(0.99)});
  }
  for (const auto& [unused, count] : per_hour) {
    graph.truncated = graph.truncated || count >= kMaxEdges;
  }
  return graph;
}

}  // namespace clew::store
