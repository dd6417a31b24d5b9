#include "trace_stream.h"

#include <grpcpp/create_channel.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>

#include "query/v1/query.grpc.pb.h"

namespace clew::bench {
namespace {

namespace query = clew::query::v1;

template <typename Bytes>
std::uint64_t IdBits(const Bytes& bytes) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, bytes.data(), std::min(bytes.size(), sizeof(bits)));
  return bits;
}

}  // namespace

std::uint64_t SentSpans::HashOf(const std::string& service, const std::string& span) {
  return std::hash<std::string>()(span) ^ 31 * std::hash<std::string>()(service);
}

SentSpans::SentSpans(const HugeTrace& trace) : left_(trace.spans()) {
  spans_.reserve(trace.spans());
  for (std::uint64_t number = 0; number < trace.groups(); ++number) {
    const WorkTrace group = trace.Group(number);
    for (const WorkSpan& span : group.spans) {
      spans_.push_back({IdBits(span.id.View()), HashOf(Workload::ServiceName(span.service),
                                                       Workload::SerializeSpan(group.id, span))});
    }
  }
  std::sort(spans_.begin(), spans_.end(), [](const Sent& a, const Sent& b) { return a.id < b.id; });
}

bool SentSpans::Take(std::uint64_t id, std::uint64_t hash) {
  auto at =
      std::lower_bound(spans_.begin(), spans_.end(), id,
                       [](const Sent& sent, std::uint64_t wanted) { return sent.id < wanted; });
  while (at != spans_.end() && at->id == id && (at->taken || at->hash != hash)) ++at;
  if (at == spans_.end() || at->id != id) return false;
  at->taken = true;
  --left_;
  return true;
}

Result<StreamResult> StreamTrace(const std::string& query_address, const std::string& id,
                                 SentSpans* sent) {
  const auto stub = query::QueryService::NewStub(
      grpc::CreateChannel(query_address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  query::GetTraceRequest request;
  request.set_trace_id(id);
  const auto begin = std::chrono::steady_clock::now();
  const auto reader = stub->GetTrace(&context, request);
  StreamResult result;
  std::pair<std::uint64_t, std::string> last;
  query::GetTraceResponse chunk;
  while (reader->Read(&chunk)) {
    for (const auto& resource_spans : chunk.resource_spans()) {
      const std::string& service = resource_spans.resource().attributes(0).value().string_value();
      for (const auto& scope_spans : resource_spans.scope_spans()) {
        for (const auto& span : scope_spans.spans()) {
          ++result.spans;
          std::pair<std::uint64_t, std::string> place{span.start_time_unix_nano(), span.span_id()};
          result.in_order = result.in_order && last < place;
          last = std::move(place);
          if (sent == nullptr) continue;
          const auto hash = SentSpans::HashOf(service, span.SerializeAsString());
          if (!sent->Take(IdBits(span.span_id()), hash)) ++result.unknown;
        }
      }
    }
  }
  const grpc::Status status = reader->Finish();
  if (!status.ok()) return Error{Code::kInternal, "GetTrace: " + status.error_message()};
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

}  // namespace clew::bench
