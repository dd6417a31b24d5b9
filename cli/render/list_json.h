// The lists of tracectl as JSON; see json_output.h for what all of it promises.
#pragma once

#include <string>

#include "cli/render/json_output.h"

namespace clew::query::v1 {
class GetDependenciesResponse;
class ListAttributeKeysResponse;
class ListOperationsResponse;
}  // namespace clew::query::v1

namespace clew::cli {

// Schema clew.operations/v1.
std::string OperationsJson(const query::v1::ListOperationsResponse& operations,
                           const std::string& service, const JsonOptions& options);
// Schema clew.keys/v1.
std::string AttributeKeysJson(const query::v1::ListAttributeKeysResponse& keys,
                              const JsonOptions& options);
// Schema clew.dependencies/v1.
std::string DependenciesJson(const query::v1::GetDependenciesResponse& graph,
                             const JsonOptions& options);

}  // namespace clew::cli
