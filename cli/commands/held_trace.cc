#include "cli/commands/held_trace.h"

#include "query/v1/query.pb.h"

namespace clew::cli {
namespace {

constexpr std::size_t kMaxHeldBytes = 64u << 20;

}  // namespace

Status HoldTrace(QueryClient& client, const std::string& trace,
                 opentelemetry::proto::trace::v1::TracesData& held) {
  std::size_t bytes = 0;
  const Status status = client.GetTrace(trace, [&](query::v1::GetTraceResponse& chunk) {
    bytes += chunk.ByteSizeLong();
    if (bytes > kMaxHeldBytes) return false;
    for (auto& resource_spans : *chunk.mutable_resource_spans()) {
      held.add_resource_spans()->Swap(&resource_spans);
    }
    return true;
  });
  if (status && bytes > kMaxHeldBytes) {
    return Error{Code::kExhausted,
                 "the trace has more than 64 MiB; tracectl trace -o jsonl and -o otlp write all of "
                 "it"};
  }
  return status;
}

}  // namespace clew::cli
