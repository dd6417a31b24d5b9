#include "cli/commands/command.h"
#include "cli/render/list_json.h"
#include "cli/render/span_view.h"
#include "cli/render/table.h"
#include "cli/render/units.h"
#include "query/v1/query.pb.h"

namespace clew::cli {
namespace {

std::string DrawOperations(const Context& context,
                           const query::v1::ListOperationsResponse& operations) {
  std::vector<std::vector<TableCell>> rows;
  for (const auto& operation : operations.operations()) {
    const UnixNanos last_seen = UnixNanosFrom(operation.last_seen_unix_nano());
    rows.push_back({{KindName(static_cast<SpanKind>(operation.kind()))},
                    {HumanCount(operation.span_count())},
                    {context.options.format == Format::kWide ? HumanTime(last_seen)
                                                             : HumanAge(last_seen, context.now)},
                    {context.style.Clean(operation.name())}});
  }
  return DrawTable({{"KIND"}, {"SPANS", true}, {"LAST SEEN"}, {"OPERATION"}}, rows, context.style);
}

}  // namespace

Answer RunOperations(const Context& context) {
  query::v1::ListOperationsResponse operations;
  if (const Status status = context.client.ListOperations(context.options.service, operations);
      !status) {
    return Failure(context, status.error());
  }
  Answer answer;
  if (const auto json = ListJson(context)) {
    answer.out = OperationsJson(operations, context.options.service, *json);
  } else if (operations.operations_size() == 0) {
    Note(context, answer, "No such service has sent a span.");
  } else if (context.options.format == Format::kName) {
    // A name is there once for each kind; those stand together.
    const std::string* last = nullptr;
    for (const auto& operation : operations.operations()) {
      if (last == nullptr || *last != operation.name())
        answer.out += context.style.Clean(operation.name()) + "\n";
      last = &operation.name();
    }
  } else {
    answer.out = DrawOperations(context, operations);
  }
  NoteTruncated(context, answer, operations.truncated());
  return answer;
}

}  // namespace clew::cli
