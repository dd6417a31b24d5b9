#include <vector>

#include "cli/commands/command.h"
#include "cli/render/table.h"
#include "cli/render/units.h"
#include "query/v1/query.pb.h"

namespace clew::cli {
namespace {

std::string DrawServices(const Context& context, const query::v1::ListServicesResponse& services) {
  std::vector<std::vector<TableCell>> rows;
  for (const auto& service : services.services()) {
    const UnixNanos last_seen = UnixNanosFrom(service.last_seen_unix_nano());
    rows.push_back({{context.style.Clean(service.name()), ColourOf(service.name())},
                    {HumanCount(service.span_count())},
                    {context.options.format == Format::kWide ? HumanTime(last_seen)
                                                             : HumanAge(last_seen, context.now)}});
  }
  return DrawTable({{"SERVICE"}, {"SPANS", true}, {"LAST SEEN"}}, rows, context.style);
}

}  // namespace

Answer RunServices(const Context& context) {
  query::v1::ListServicesResponse services;
  if (const Status status = context.client.ListServices(services); !status)
    return Failure(context, status.error());
  Answer answer;
  if (const auto json = ListJson(context)) {
    answer.out = ServicesJson(services, *json);
    return answer;
  }
  if (context.options.format == Format::kName) {
    for (const auto& service : services.services())
      answer.out += context.style.Clean(service.name()) + "\n";
    return answer;
  }
  if (services.services_size() == 0) {
    Note(context, answer, "No service has sent a span yet.");
  } else {
    answer.out = DrawServices(context, services);
  }
  return answer;
}

}  // namespace clew::cli
