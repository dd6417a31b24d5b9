// OpenTelemetry's HTTP semantic conventions (stable): what a span of an exchange is called and
// says.
#pragma once

#include <string>
#include <vector>

#include "agent/protocols/exchange.h"
#include "agent/span/redact.h"
#include "agent/span/span.h"

namespace clew::span {

// Sets name, attributes and status of `span` from the exchange. `route` is the template of its
// path, for SERVER spans; empty: none. Strings of the exchange are moved out where they are not
// needed any more.
//
// error.type is the status code when that is an error (SERVER: 500 and above, CLIENT: 400 and
// above), else "connection_closed" when no response came, else "incomplete" when it did not come to
// its end.
void DescribeHttp(protocols::Exchange& exchange, const std::string& route, QueryPolicy policy,
                  Span& span);

// The method if the conventions know it, else "_OTHER".
std::string_view KnownMethod(std::string_view method);

}  // namespace clew::span
