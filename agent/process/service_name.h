// What a service is called when nobody said so to the agent.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/process/process_info.h"

namespace clew::process {

inline constexpr std::size_t kMaxServiceName = 255;

// The first of: OTEL_SERVICE_NAME; service.name of OTEL_RESOURCE_ATTRIBUTES; what the command line
// runs (jar, main class, script, module, WSGI or ASGI application, package.json); the executable;
// the command. Never empty, at most kMaxServiceName bytes. A name that says nothing ("app.py",
// "server.js", "main") gives way to its folder's.
std::string DeriveServiceName(const ProcessInfo& info);

// "key1=value1,key2=value2", values percent-encoded, as OTEL_RESOURCE_ATTRIBUTES is specified.
// Entries that are malformed are left out; at most 64 are read.
std::vector<std::pair<std::string, std::string>> ParseResourceAttributes(std::string_view text);

}  // namespace clew::process
