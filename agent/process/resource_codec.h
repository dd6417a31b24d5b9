// A resource as bytes, for recordings: a replay has no /proc to read it from.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/span/span.h"

namespace clew::process {

//   resource  = attribute*                           service.name first
//   attribute = type u8 | key | value
//   key       = length u16be | bytes[length]
//   value     = type 's': length u16be | bytes[length]; 'i': u64be, two's complement
// Resources have attributes of no other type. Longer strings are cut to 65535 bytes. Spec:
// docs/formats/recording.md
std::string EncodeResource(const span::Resource& resource);
// Nothing when `bytes` are not such a resource with at most 256 attributes.
std::optional<span::Resource> DecodeResource(std::string_view bytes);

}  // namespace clew::process
