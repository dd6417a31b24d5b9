// A trace as a whole, for what cannot be written while it comes.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/query_client.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

namespace clew::cli {

// Adds the spans of `trace` to `held`, up to 64 MiB: an object made of them takes some fifteen
// times that. Errors: the client's, and kExhausted for a larger trace; what came before stands in
// `held`.
Status HoldTrace(QueryClient& client, const std::string& trace,
                 opentelemetry::proto::trace::v1::TracesData& held);

}  // namespace clew::cli
