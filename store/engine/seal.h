// Turns hot chunks into segments. Nothing here touches the database: it makes what the writer then
// writes in one step.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "store/engine/counts.h"
#include "store/engine/edges.h"
#include "store/engine/hot_chunk.h"
#include "store/engine/segment_meta.h"
#include "store/summary.h"

namespace clew::store {

struct SealOptions {
  // A segment ends before it has more. Smaller ones compress worse and are more to ask; larger ones
  // make a single trace dearer to read.
  std::size_t rows = 8192;
  // Of the spans as they came, with what they refer to: of all that is unpacked of a segment a
  // reader takes many times as much, and no more.
  std::size_t bytes = 8u << 20;
};

// The sealed parts of a trace and their summary.
struct SealedTrace {
  std::vector<SegmentKey> parts;
  Summary summary;
};
using SealedTraces = std::unordered_map<TraceId, SealedTrace>;

struct Seal {
  struct Segment {
    SegmentMeta meta;
    std::string bytes;
    std::string filter;
  };
  std::vector<Segment> segments;
  std::vector<SegmentMeta> widened;  // of older segments, whose traces have grown
  SealedTraces traces;               // those of these segments, with all their parts
  std::unordered_map<TraceId, std::uint64_t> trace_spans;  // how many of them are sealed here
  Counts counts;
  Edges edges;
  std::uint64_t spans = 0;
  std::uint64_t new_traces = 0;
  std::uint64_t exact_spans = 0;  // kept by their bytes, see segment/span_parts.h
};

// Traces whose clocks are far off get segments of their own, so that they do not stretch the time
// that the others cover: in one segment all are of one class. `sealed`: when, roughly.
int ClassOfStart(UnixNanos start, UnixNanos sealed);

// Makes the meta cover a whole trace of the segment.
void Widen(const Summary& trace, SegmentMeta& meta);

// `chunks`: at least one. `earlier`: of the traces in them the ones that have sealed parts.
// `catalog`: of the segments before. Segments are numbered from `next_segment`, in the bucket of
// `now`.
Seal MakeSeal(const HotList& chunks, const SealedTraces& earlier, const Catalog& catalog,
              std::uint64_t next_segment, UnixNanos now, const SealOptions& options);

}  // namespace clew::store
