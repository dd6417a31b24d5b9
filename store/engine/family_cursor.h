// The spans of traces that are one, in one order.
#pragma once

#include <memory>

#include "store/engine/trace_parts.h"
#include "store/join/family.h"

namespace clew::store {

// Every span as it stands in the whole (AdoptSpan). `parts` must outlive the cursor.
Result<std::unique_ptr<TraceCursor>> OpenFamily(const TraceParts& parts, View view, Family family);

}  // namespace clew::store
