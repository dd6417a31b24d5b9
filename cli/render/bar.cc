#include "cli/render/bar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "cli/render/units.h"

namespace clew::cli {
namespace {

constexpr int kEighths = 8;  // Unicode has blocks of one to eight eighths of a column

// Where a time falls, in eighths of a column.
int ToEighths(const Axis& axis, std::uint64_t time) {
  const std::uint64_t length = axis.end > axis.start ? axis.end - axis.start : 1;
  const std::uint64_t offset = time > axis.start ? std::min(time - axis.start, length) : 0;
  const double part = static_cast<double>(offset) / static_cast<double>(length);
  return static_cast<int>(std::lround(part * axis.columns * kEighths));
}

// The unit whose numbers an axis of this length shows: the one that its total is written in.
std::uint64_t UnitOf(std::uint64_t length) {
  constexpr std::array<std::uint64_t, 7> kUnits = {
      86'400'000'000'000, 3'600'000'000'000, 60'000'000'000, 1'000'000'000, 1'000'000, 1'000, 1};
  for (const std::uint64_t unit : kUnits) {
    if (length >= unit) return unit;
  }
  return 1;
}

// The smallest of 1, 2, 5, 10, 20, ... units that leaves at most `most` steps on the axis.
double StepOf(double units, int most) {
  double decade = 0.1;
  for (;;) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (units / (decade * factor) <= most) return decade * factor;
    }
    decade *= 10;
  }
}

}  // namespace

std::string DrawBar(const Axis& axis, std::uint64_t begin, std::uint64_t end,
                    std::uint64_t work_begin, std::uint64_t work_end, bool ascii) {
  constexpr std::array kPartial = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
  const int last = axis.columns - 1;
  // The left edge is a whole column (there are no blocks that begin in the middle), the length
  // exact to an eighth: equal times are equally long wherever they stand.
  const auto length = [&axis](std::uint64_t from, std::uint64_t to) {
    return std::max(ToEighths(axis, to) - ToEighths(axis, from), 1);
  };
  const int first_column = std::min(ToEighths(axis, begin) / kEighths, last);
  const int first_work = std::clamp(ToEighths(axis, work_begin) / kEighths, first_column, last);
  const int work_eighths = first_work * kEighths + length(work_begin, work_end);
  const int end_eighths = std::max(first_column * kEighths + length(begin, end), work_eighths);
  std::string bar;
  for (int column = 0; column < axis.columns; ++column) {
    const int at = column * kEighths;
    if (column >= first_work && at < work_eighths) {
      const int part = std::min(work_eighths - at, kEighths);
      bar += ascii ? "#" : kPartial[static_cast<std::size_t>(part)];
    } else if (column >= first_column && at < end_eighths) {
      bar += ascii ? "-" : "░";
    } else {
      bar += ' ';
    }
  }
  return bar;
}

std::string DrawTicks(const Axis& axis) {
  constexpr int kColumnsPerTick = 8;
  const std::uint64_t length = axis.end > axis.start ? axis.end - axis.start : 0;
  const std::string total = HumanDuration(length);
  const int end_column = axis.columns - static_cast<int>(total.size());
  std::string line(static_cast<std::size_t>(std::max(end_column, 0)), ' ');
  const double units = static_cast<double>(length) / static_cast<double>(UnitOf(length));
  const double step = StepOf(units, std::clamp(axis.columns / kColumnsPerTick, 1, 6));
  for (int tick = 0; length > 0 && tick * step < units; ++tick) {
    const std::string label = fmt::format("{:.12g}", tick * step);
    const auto column = static_cast<std::size_t>(tick * step / units * axis.columns);
    if (column + label.size() >= line.size()) break;  // a blank before the total
    line.replace(column, label.size(), label);
  }
  return line + total;
}

}  // namespace clew::cli
