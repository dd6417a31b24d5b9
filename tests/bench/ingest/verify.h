// Reads acknowledged traces back through the query service and compares every span, byte for byte.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "realistic.h"

namespace clew::bench {

struct VerifyResult {
  std::uint64_t found = 0;
  std::uint64_t lost =
      0;  // spans that were acknowledged and are not there, or not as they were sent
  std::uint64_t doubled = 0;  // spans that are there more than once
};

// `traces`: their numbers in the workload.
VerifyResult Verify(const std::string& query_address, const Workload& workload,
                    const std::vector<std::uint64_t>& traces, int threads);

}  // namespace clew::bench
