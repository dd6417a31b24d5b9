// What the store keeps in memory of every segment, to know which ones a search has to open.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "store/keys.h"

namespace clew::store {

// Starts and durations are of whole traces, as far as they were known when this was written, and
// are widened when spans come late: no trace that has spans here lies outside of them.
struct SegmentMeta {
  SegmentKey key;
  std::uint32_t rows = 0;
  std::uint32_t traces = 0;
  std::uint32_t new_traces = 0;  // of those, the ones of which no earlier segment has spans
  std::uint64_t bytes = 0;       // of the segment and its filter
  UnixNanos min_start{};
  UnixNanos max_start{};
  std::chrono::nanoseconds max_duration{0};
  std::uint64_t first_arrival = 0;  // sequences of the appends that brought its spans
  std::uint64_t last_arrival = 0;
  bool has_bases = false;  // it holds later parts of traces whose earlier parts are elsewhere
  bool has_later = false;  // it holds parts of traces that have later parts elsewhere
  // What retention has done to it (tiers.h): the tier that it was brought to, and the hour since
  // 1970 after which traces of it that were too young for that are to be judged again; 0: none.
  std::uint32_t tier = 0;
  std::uint32_t judge_again = 0;
};

// Protobuf encoding, as docs/formats/keys.md lists it; unknown fields are skipped.
std::string EncodeSegmentMeta(const SegmentMeta& meta);
// kCorrupt says what does not fit.
Result<SegmentMeta> DecodeSegmentMeta(const SegmentKey& key, std::string_view bytes);

// All segments of the store. Never changed once it is visible: a change makes a new one.
using Catalog = std::map<SegmentKey, std::shared_ptr<const SegmentMeta>>;

}  // namespace clew::store
