// UTF-8 as protobuf demands it of strings: RFC 3629, no surrogates, nothing over U+10FFFF, no
// overlong forms.
#pragma once

#include <string_view>

namespace clew::receiver {

bool IsUtf8(std::string_view text);

}  // namespace clew::receiver
