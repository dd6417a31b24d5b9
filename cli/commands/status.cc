#include <fmt/format.h>

#include <map>

#include "cli/commands/command.h"
#include "cli/render/units.h"
#include "query/v1/query.pb.h"

namespace clew::cli {
namespace {

std::string Line(const Context& context, const char* name, const std::string& value) {
  return context.style.Paint(Colour::kBold, fmt::format("{:<16}", name)) + value + "\n";
}

std::string DrawStatus(const Context& context, const query::v1::GetStatusResponse& status) {
  const auto clean = [&context](const std::string& text) { return context.style.Clean(text); };
  const UnixNanos start = UnixNanosFrom(status.start_unix_nano());
  std::string out =
      Line(context, "collector", context.options.server + ", version " + clean(status.version()));
  out += Line(context, "started", HumanTime(start) + " (" + HumanAge(start, context.now) + ")");
  out += Line(context, "spans received", HumanCount(status.spans_received()));
  out += Line(context, "spans stored", HumanCount(status.spans_stored()));
  std::uint64_t rejected = 0;
  std::string reasons;
  const std::map<std::string, std::uint64_t> sorted(status.spans_rejected().begin(),
                                                    status.spans_rejected().end());
  for (const auto& [reason, count] : sorted) {
    if (count == 0) continue;
    rejected += count;
    reasons += (reasons.empty() ? " (" : ", ") + clean(reason) + " " + HumanCount(count);
  }
  if (!reasons.empty()) reasons += ")";
  const std::string rejects = HumanCount(rejected) + reasons;
  out += Line(context, "spans rejected",
              rejected > 0 ? context.style.Paint(Colour::kYellow, rejects) : rejects);
  out += Line(context, "traces", HumanCount(status.trace_count()));
  if (status.oldest_unix_nano() != 0)
    out += Line(context, "oldest", HumanTime(UnixNanosFrom(status.oldest_unix_nano())));
  out +=
      Line(context, "data", HumanBytes(status.store_bytes()) + " in " + clean(status.data_dir()));
  return out;
}

}  // namespace

Answer RunStatus(const Context& context) {
  query::v1::GetStatusResponse status;
  if (const Status answer = context.client.GetStatus(status); !answer)
    return Failure(context, answer.error());
  if (context.options.format == Format::kJson || context.options.format == Format::kJsonLines) {
    const bool pretty = context.options.format == Format::kJson;
    return {.out = StatusJson(status, context.options.server, {context.json.ascii, pretty})};
  }
  return {.out = DrawStatus(context, status)};
}

}  // namespace clew::cli
