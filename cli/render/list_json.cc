#include "cli/render/list_json.h"

#include "cli/render/json_dump.h"
#include "cli/render/span_view.h"
#include "query/v1/query.pb.h"

namespace clew::cli {

std::string OperationsJson(const query::v1::ListOperationsResponse& operations,
                           const std::string& service, const JsonOptions& options) {
  Json list = Json::array();
  for (const auto& operation : operations.operations()) {
    Json entry = Json::object();
    entry["name"] = operation.name();
    entry["kind"] = KindName(static_cast<SpanKind>(operation.kind()));
    entry["span_count"] = operation.span_count();
    PutTime(entry, "last_seen", operation.last_seen_unix_nano());
    list.push_back(std::move(entry));
  }
  return Dump({{"schema", "clew.operations/v1"},
               {"service", service},
               {"truncated", operations.truncated()},
               {"operations", std::move(list)}},
              options);
}

std::string AttributeKeysJson(const query::v1::ListAttributeKeysResponse& keys,
                              const JsonOptions& options) {
  Json list = Json::array();
  for (const auto& key : keys.keys()) {
    list.push_back({{"key", key.key()},
                    {"of", key.of_resource() ? "resource" : "span"},
                    {"span_count", key.span_count()}});
  }
  return Dump(
      {{"schema", "clew.keys/v1"}, {"truncated", keys.truncated()}, {"keys", std::move(list)}},
      options);
}

std::string DependenciesJson(const query::v1::GetDependenciesResponse& graph,
                             const JsonOptions& options) {
  Json list = Json::array();
  for (const auto& edge : graph.edges()) {
    list.push_back({{"caller", edge.caller()},
                    {"callee", edge.callee()},
                    {"calls", edge.calls()},
                    {"errors", edge.errors()},
                    {"p50_nano", edge.p50_nano()},
                    {"p95_nano", edge.p95_nano()},
                    {"p99_nano", edge.p99_nano()}});
  }
  Json json = {{"schema", "clew.dependencies/v1"}};
  PutTime(json, "start_min", graph.start_min_unix_nano());
  if (graph.start_max_unix_nano() != 0) PutTime(json, "start_max", graph.start_max_unix_nano());
  json["truncated"] = graph.truncated();
  json["dependencies"] = std::move(list);
  return Dump(json, options);
}

}  // namespace clew::cli
