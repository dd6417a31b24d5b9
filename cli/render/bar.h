// One line of a time axis and the bars under it.
#pragma once

#include <cstdint>
#include <string>

namespace clew::cli {

// Maps [start, end] in nanoseconds to `columns` terminal columns.
struct Axis {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  int columns = 1;
};

// A bar of exactly axis.columns columns: blank, ░ from `begin` to `end`, in it █ from `work_begin`
// to `work_end`; never less than a sliver wide. Times outside the axis are drawn at its edge. In
// ASCII the two are '-' and '#'.
std::string DrawBar(const Axis& axis, std::uint64_t begin, std::uint64_t end,
                    std::uint64_t work_begin, std::uint64_t work_end, bool ascii);

// Round times along the axis and its length at the right end: "0     50     100     150   212ms";
// exactly as wide as the axis, or as the length alone where that is wider.
std::string DrawTicks(const Axis& axis);

}  // namespace clew::cli
