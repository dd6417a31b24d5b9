// Columns of text under headers.
#pragma once

#include <string>
#include <vector>

#include "cli/render/style.h"

namespace clew::cli {

struct TableColumn {
  std::string header;
  bool right = false;  // numbers
};

struct TableCell {
  std::string text;  // sanitized
  Colour colour = Colour::kNone;
};

// Each row has a cell for each column. Columns are as wide as their widest cell; where a line would
// be wider than style.width, the last column is cut, but never below 8 columns. No trailing blanks.
std::string DrawTable(const std::vector<TableColumn>& columns,
                      const std::vector<std::vector<TableCell>>& rows, const Style& style);

}  // namespace clew::cli
