#include "verify.h"

#include <grpcpp/create_channel.h>

#include <map>
#include <thread>

#include "query/v1/query.grpc.pb.h"

namespace clew::bench {
namespace {

namespace query = clew::query::v1;

// "service|serialized span" of all that the collector has of a trace, with how often it is there.
std::map<std::string, int> ReadTrace(query::QueryService::Stub& stub, const TraceId& id) {
  std::map<std::string, int> spans;
  grpc::ClientContext context;
  query::GetTraceRequest request;
  request.set_trace_id(id.ToHex());
  const auto reader = stub.GetTrace(&context, request);
  query::GetTraceResponse chunk;
  while (reader->Read(&chunk)) {
    for (const auto& resource_spans : chunk.resource_spans()) {
      const std::string& service = resource_spans.resource().attributes(0).value().string_value();
      for (const auto& scope_spans : resource_spans.scope_spans()) {
        for (const auto& span : scope_spans.spans())
          ++spans[service + "|" + span.SerializeAsString()];
      }
    }
  }
  // A missing trace is counted by its spans.
  reader->Finish();
  return spans;
}

VerifyResult VerifyShare(const std::string& address, const Workload& workload,
                         const std::vector<std::uint64_t>& traces, std::size_t first,
                         std::size_t step) {
  const auto stub = query::QueryService::NewStub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  VerifyResult result;
  for (std::size_t i = first; i < traces.size(); i += step) {
    const WorkTrace trace = workload.Trace(traces[i]);
    const auto stored = ReadTrace(*stub, trace.id);
    for (const WorkSpan& span : trace.spans) {
      const auto at = stored.find(Workload::ServiceName(span.service) + "|" +
                                  Workload::SerializeSpan(trace.id, span));
      if (at == stored.end()) {
        ++result.lost;
      } else {
        ++result.found;
        result.doubled += static_cast<std::uint64_t>(at->second - 1);
      }
    }
  }
  return result;
}

}  // namespace

VerifyResult Verify(const std::string& query_address, const Workload& workload,
                    const std::vector<std::uint64_t>& traces, int threads) {
  std::vector<VerifyResult> shares(static_cast<std::size_t>(threads));
  {
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      workers.emplace_back(
          [&, i] { shares[i] = VerifyShare(query_address, workload, traces, i, shares.size()); });
    }
  }
  VerifyResult all;
  for (const VerifyResult& share : shares) {
    all.found += share.found;
    all.lost += share.lost;
    all.doubled += share.doubled;
  }
  return all;
}

}  // namespace clew::bench
