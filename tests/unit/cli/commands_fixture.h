// What the tests of commands share: a server that answers from fields, and a command asked of it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "cli/commands/command.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "query/v1/query.pb.h"

namespace clew::cli {

// Answers from fields; `status` ends every call.
class FakeClient : public QueryClient {
 public:
  Status GetTrace(const std::string& trace_id,
                  const std::function<bool(query::v1::GetTraceResponse&)>& each) override {
    asked_for = trace_id;
    for (query::v1::GetTraceResponse chunk : chunks) {
      if (!each(chunk)) return {};
    }
    return status;
  }
  Status SearchTraces(const query::v1::SearchTracesRequest& request,
                      const std::function<void(const query::v1::TraceSummary&)>& each,
                      query::v1::PageEnd& end) override {
    searches.push_back(request);
    for (const auto& summary : summaries) each(summary);
    if (!ends.empty()) {
      end = ends.front();
      ends.erase(ends.begin());
    }
    return status;
  }
  Status ListServices(query::v1::ListServicesResponse& out) override {
    out = services;
    return status;
  }
  Status ListOperations(const std::string& service,
                        query::v1::ListOperationsResponse& out) override {
    asked_for = service;
    out = operations;
    return status;
  }
  Status ListAttributeKeys(query::v1::ListAttributeKeysResponse& out) override {
    out = keys;
    return status;
  }
  Status GetDependencies(const query::v1::GetDependenciesRequest& request,
                         query::v1::GetDependenciesResponse& out) override {
    dependencies_request = request;
    out = dependencies;
    return status;
  }
  Status GetStatus(query::v1::GetStatusResponse& out) override {
    out = state;
    return status;
  }

  std::vector<query::v1::GetTraceResponse> chunks;
  std::vector<query::v1::TraceSummary> summaries;  // of every page
  std::vector<query::v1::PageEnd> ends;            // of the pages, one after the other; then empty
  query::v1::ListOperationsResponse operations;
  query::v1::ListAttributeKeysResponse keys;
  query::v1::GetDependenciesRequest dependencies_request;
  query::v1::GetDependenciesResponse dependencies;
  query::v1::ListServicesResponse services;
  query::v1::GetStatusResponse state;
  Status status;
  std::string asked_for;
  std::vector<query::v1::SearchTracesRequest> searches;
};

class CommandsTest : public testing::Test {
 protected:
  Answer Do(Command command) {
    options_.command = command;
    std::string written;
    Answer answer = cli::Run({.options = options_,
                              .client = client_,
                              .style = {.width = 120},
                              .json = {},
                              .now = UnixNanosFrom(1'763'879'640'000'000'000),
                              .write = [&](std::string_view text) {
                                written += text;
                                return ++writes_ < max_writes_;
                              }});
    answer.out = written + answer.out;
    return answer;
  }
  void AddEnd(const std::string& next, query::v1::Partial partial = query::v1::PARTIAL_NO) {
    query::v1::PageEnd& end = client_.ends.emplace_back();
    end.set_next_cursor(next);
    end.set_partial(partial);
    if (partial != query::v1::PARTIAL_NO) end.set_partial_detail("the search took too long");
  }

  void AddSpan() {
    auto* span = client_.chunks.emplace_back().add_resource_spans()->add_scope_spans()->add_spans();
    span->set_trace_id(std::string(16, 'T'));
    span->set_span_id(std::string(8, 's'));
    span->set_name("GET /");
    span->set_start_time_unix_nano(1'763'879'580'000'000'000);
    span->set_end_time_unix_nano(1'763'879'580'100'000'000);
  }
  void AddSummary(bool has_root, std::uint32_t errors) {
    query::v1::TraceSummary trace;
    trace.set_trace_id(std::string(16, 'T'));
    trace.set_root_service("checkout");
    trace.set_root_name("GET /\x1b[2J");
    trace.set_has_root(has_root);
    trace.set_start_unix_nano(1'763'879'580'000'000'000);
    trace.set_duration_nano(212'000'000);
    trace.set_span_count(9);
    trace.set_error_count(errors);
    trace.add_services("checkout");
    trace.add_services("pay");
    client_.summaries.push_back(trace);
  }

  Options options_;
  FakeClient client_;
  int writes_ = 0;
  int max_writes_ = 1000;
};

}  // namespace clew::cli
