// What benchmarks say of many measurements.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace clew::bench {

// The value that `share` of all do not exceed; 0 of none.
inline double Percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1,
                         static_cast<std::size_t>(static_cast<double>(values.size()) * share))];
}

}  // namespace clew::bench
