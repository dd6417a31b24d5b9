#include "huge_trace.h"

namespace clew::bench {
namespace {

constexpr std::uint64_t kStepNs = 100'000;  // from group to group

}  // namespace

HugeTrace::HugeTrace(std::uint64_t seed, std::uint64_t begin_ns, std::uint64_t spans,
                     std::size_t text_bytes)
    : workload_(seed, begin_ns, kStepNs),
      groups_((spans + kSpansPerTrace - 1) / kSpansPerTrace),
      text_bytes_(text_bytes),
      root_(workload_.Trace(0)) {}

WorkTrace HugeTrace::Group(std::uint64_t number) const {
  WorkTrace group = workload_.Trace(number);
  group.id = root_.id;
  WorkSpan& first = group.spans.front();
  if (number == 0) {
    first.end_ns = first.start_ns + groups_ * kStepNs;
  } else {
    first.parent = root_.spans.front().id;
  }
  for (WorkSpan& span : group.spans) span.text_bytes = text_bytes_;
  return group;
}

}  // namespace clew::bench
