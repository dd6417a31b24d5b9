// Counts what a segment holds from its columns, without putting spans together again.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "store/engine/counts.h"
#include "store/segment/reader.h"

namespace clew::store {

// Adds the rows for which `rows` is not 0 to `counts`, as a SpanCounter does but for the times.
// kCorrupt.
Status CountRows(const SegmentReader& segment, const std::vector<std::uint8_t>& rows,
                 Counts& counts);

}  // namespace clew::store
