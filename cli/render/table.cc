#include "cli/render/table.h"

#include <algorithm>

#include "base/result.h"
#include "cli/render/text.h"

namespace clew::cli {

std::string DrawTable(const std::vector<TableColumn>& columns,
                      const std::vector<std::vector<TableCell>>& rows, const Style& style) {
  constexpr int kGap = 2;
  constexpr int kSmallestLast = 8;
  std::vector<int> widths;
  for (const TableColumn& column : columns) widths.push_back(Columns(column.header));
  for (const auto& row : rows) {
    CLEW_CHECK(row.size() == columns.size());
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], Columns(row[i].text));
  }
  int before_last = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) before_last += widths[i] + kGap;
  widths.back() =
      std::clamp(style.width - before_last, kSmallestLast, std::max(widths.back(), kSmallestLast));

  std::string out;
  const auto draw = [&](std::size_t column, std::string_view text, Colour colour) {
    const bool last = column + 1 == columns.size();
    std::string cell = columns[column].right ? FitRight(text, widths[column], style.ellipsis())
                       : last                ? Truncate(text, widths[column], style.ellipsis())
                                             : FitLeft(text, widths[column], style.ellipsis());
    out += style.Paint(colour, cell) + (last ? "\n" : std::string(kGap, ' '));
  };
  for (std::size_t i = 0; i < columns.size(); ++i) draw(i, columns[i].header, Colour::kBold);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) draw(i, row[i].text, row[i].colour);
  }
  return out;
}

}  // namespace clew::cli
