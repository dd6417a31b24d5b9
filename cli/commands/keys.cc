#include "cli/commands/command.h"
#include "cli/render/list_json.h"
#include "cli/render/table.h"
#include "cli/render/units.h"
#include "query/v1/query.pb.h"

namespace clew::cli {
namespace {

std::string DrawKeys(const Context& context, const query::v1::ListAttributeKeysResponse& keys) {
  std::vector<std::vector<TableCell>> rows;
  for (const auto& key : keys.keys()) {
    rows.push_back({{key.of_resource() ? "resource" : "span"},
                    {HumanCount(key.span_count())},
                    {context.style.Clean(key.key())}});
  }
  return DrawTable({{"OF"}, {"SPANS", true}, {"ATTRIBUTE"}}, rows, context.style);
}

}  // namespace

Answer RunKeys(const Context& context) {
  query::v1::ListAttributeKeysResponse keys;
  if (const Status status = context.client.ListAttributeKeys(keys); !status)
    return Failure(context, status.error());
  Answer answer;
  if (const auto json = ListJson(context)) {
    answer.out = AttributeKeysJson(keys, *json);
  } else if (keys.keys_size() == 0) {
    Note(context, answer, "No span with an attribute has come yet.");
  } else if (context.options.format == Format::kName) {
    // As a query names them.
    for (const auto& key : keys.keys())
      answer.out +=
          (key.of_resource() ? "resource." : "span.") + context.style.Clean(key.key()) + "\n";
  } else {
    answer.out = DrawKeys(context, keys);
  }
  NoteTruncated(context, answer, keys.truncated());
  return answer;
}

}  // namespace clew::cli
