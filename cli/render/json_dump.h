// The one way in which tracectl writes JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "cli/render/json_output.h"

namespace clew::cli {

// Members stay in the order in which they were added: the important ones first.
using Json = nlohmann::ordered_json;

// Ends with a line break.
inline std::string Dump(const Json& json, const JsonOptions& options) {
  return json.dump(options.pretty ? 2 : -1, ' ', options.ascii, Json::error_handler_t::replace) +
         "\n";
}

// Puts a time under `name` (RFC 3339) and `name`_unix_nano.
void PutTime(Json& json, const std::string& name, std::uint64_t unix_nanos);
// RFC 4648 with padding.
std::string ToBase64(std::string_view bytes);

}  // namespace clew::cli
