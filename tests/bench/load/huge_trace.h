// One trace as large as one likes, as a batch job makes it: a root that lasts from beginning to
// end, and below it calls that look like those of the realistic load, one group of eight spans
// after the other.
#pragma once

#include <cstdint>
#include <string>

#include "realistic.h"

namespace clew::bench {

class HugeTrace {
 public:
  // At least `spans`, rounded up to whole groups. `text_bytes`: see WorkSpan. The same seed gives
  // the same spans.
  HugeTrace(std::uint64_t seed, std::uint64_t begin_ns, std::uint64_t spans,
            std::size_t text_bytes);

  std::uint64_t spans() const { return groups_ * kSpansPerTrace; }
  std::uint64_t groups() const { return groups_; }
  const TraceId& id() const { return root_.id; }
  // Group 0 has the root span.
  WorkTrace Group(std::uint64_t number) const;

 private:
  const Workload workload_;
  const std::uint64_t groups_;
  const std::size_t text_bytes_;
  const WorkTrace root_;  // group 0 as the load has it
};

}  // namespace clew::bench
