// Conditions as text, in the one way of writing them that ParseConditions reads back equal.
#pragma once

#include <string>
#include <vector>

#include "store/query/query.h"

namespace clew::store {

std::string FormatConditions(const std::vector<Condition>& conditions);

}  // namespace clew::store
