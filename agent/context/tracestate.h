// The `tracestate` header: a list of vendors' key=value members. Source: W3C Trace Context level 2,
// section 3.3.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace clew::context {

inline constexpr std::size_t kMaxTracestateMembers = 32;
inline constexpr std::size_t kMaxTracestateSize =
    512;  // characters that we keep; the least that must be propagated

// The values of all `tracestate` headers of a message, in order, as one list without empty members
// and white space. Nothing when a member is invalid or there are too many: the whole list is then
// dropped. A list over kMaxTracestateSize loses members of over 128 characters first, then members
// from its end, always whole ones.
std::optional<std::string> CombineTracestate(std::span<const std::string_view> values);

}  // namespace clew::context
