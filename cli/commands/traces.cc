#include <optional>
#include <vector>

#include "base/ids.h"
#include "cli/commands/command.h"
#include "cli/commands/times.h"
#include "cli/render/table.h"
#include "cli/render/units.h"
#include "query/v1/query.pb.h"

namespace clew::cli {
namespace {

using query::v1::TraceSummary;

// Of all pages, for what is drawn as a whole.
constexpr std::size_t kMaxHeldTraces = 100'000;
constexpr std::uint32_t kPageOfAll = 1000;

// As a value of a query: in quotes nothing has a meaning but a quote and a backslash.
std::string Quote(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

// The flags are conditions behind those that were typed, so that the columns of errors are right.
std::string Expression(const TraceFilter& filter) {
  std::string all = filter.query;
  if (!filter.service.empty()) all += " service=" + Quote(filter.service);
  if (!filter.operation.empty()) all += " name=" + Quote(filter.operation);
  const auto nanos = [](std::chrono::nanoseconds duration) {
    return std::to_string(duration.count()) + "ns";
  };
  if (filter.min_duration.count() > 0) all += " trace.duration>=" + nanos(filter.min_duration);
  if (filter.max_duration.count() > 0) all += " trace.duration<=" + nanos(filter.max_duration);
  if (filter.errors) all += " trace.error=true";
  return all;
}

query::v1::SearchTracesRequest MakeRequest(const TraceFilter& filter) {
  query::v1::SearchTracesRequest request;
  request.set_query(Expression(filter));
  SetTimes(filter, request);
  if (filter.order == Order::kSlowest) request.set_order(query::v1::ORDER_SLOWEST);
  request.set_limit(filter.all ? kPageOfAll : filter.limit);
  request.set_cursor(filter.page);
  return request;
}

std::string Hex(const TraceSummary& trace) {
  return TraceId::FromBytes(trace.trace_id()).value_or(TraceId{}).ToHex();
}

std::string Services(const Context& context, const TraceSummary& trace) {
  std::string all;
  for (const std::string& service : trace.services())
    all += (all.empty() ? "" : ",") + context.style.Clean(service);
  return all;
}

std::string DrawTraces(const Context& context, const std::vector<TraceSummary>& traces) {
  const bool wide = context.options.format == Format::kWide;
  std::vector<TableColumn> columns = {{"TRACE ID"},    {"START (UTC)"},  {"DURATION", true},
                                      {"SPANS", true}, {"ERRORS", true}, {"SERVICE"}};
  if (wide) columns.push_back({"SERVICES"});
  columns.push_back({"OPERATION"});
  std::vector<std::vector<TableCell>> rows;
  for (const TraceSummary& trace : traces) {
    const std::string id = Hex(trace);
    const Colour failed = trace.error_count() > 0 ? Colour::kRed : Colour::kNone;
    // Half of an id is enough to tell traces apart, and `tracectl trace` takes it.
    std::vector<TableCell> row = {
        {wide ? id : id.substr(0, 16)},
        {HumanTime(UnixNanosFrom(trace.start_unix_nano()))},
        {HumanDuration(trace.duration_nano())},
        {std::to_string(trace.span_count())},
        {std::to_string(trace.error_count()), failed},
        {context.style.Clean(trace.root_service()), ColourOf(trace.root_service())}};
    if (wide) row.push_back({Services(context, trace)});
    row.push_back({context.style.Clean(trace.root_name()) +
                   (trace.has_root() ? "" : " (root span missing)")});
    rows.push_back(std::move(row));
  }
  return DrawTable(columns, rows, context.style);
}

// A trace by itself, in the formats that need no others; else nothing.
std::optional<std::string> DrawAlone(const Context& context, const TraceSummary& trace) {
  switch (context.options.format) {
    case Format::kName:
      return Hex(trace) + "\n";
    case Format::kJsonLines:
      return TraceSummaryJson(trace, {context.json.ascii, false});
    default:
      return std::nullopt;
  }
}

// Asks for one page after the other, writes what can be written at once and holds the rest.
class Search {
 public:
  explicit Search(const Context& context)
      : context_(context), request_(MakeRequest(context.options.filter)) {}

  Answer Run() && {
    Status status;
    for (;;) {
      end_.Clear();
      status = context_.client.SearchTraces(
          request_, [this](const TraceSummary& trace) { Take(trace); }, end_);
      if (!status || !GoesOn()) break;
      request_.set_cursor(end_.next_cursor());
    }
    if (!status && count_ == 0) return Failure(context_, status.error());
    std::string out = Draw();
    if (!status) return CutShort(context_, status.error(), std::move(out));
    if (held_.size() >= kMaxHeldTraces && !end_.next_cursor().empty()) {
      return CutShort(
          context_,
          {Code::kExhausted, "more than 100,000 traces match; -o jsonl and -o name write them all"},
          std::move(out));
    }
    Answer answer{.out = std::move(out)};
    if (partial_) return Partial(std::move(answer));
    if (count_ == 0) Note(context_, answer, "No traces match.");
    if (!end_.next_cursor().empty()) {
      Note(context_, answer,
           "More match: --limit shows more of them, --page " + end_.next_cursor() +
               " those that follow.");
    }
    return answer;
  }

 private:
  void Take(const TraceSummary& trace) {
    ++count_;
    if (const auto alone = DrawAlone(context_, trace)) {
      wanted_ = wanted_ && context_.write(*alone);
    } else if (held_.size() < kMaxHeldTraces) {
      held_.push_back(trace);
    }
  }

  // Another page is to be asked for. One that is partial is no end as long as there is a way on.
  bool GoesOn() {
    const bool same = end_.next_cursor() == request_.cursor();
    const bool more = context_.options.filter.all && wanted_ && !end_.next_cursor().empty() &&
                      !same && held_.size() < kMaxHeldTraces;
    partial_ = partial_ || end_.partial() == query::v1::PARTIAL_UNREADABLE ||
               (!more && end_.partial() != query::v1::PARTIAL_NO);
    if (partial_ && reason_.empty()) reason_ = end_.partial_detail();
    return more;
  }

  std::string Draw() const {
    if (context_.options.format == Format::kJson) return TracesJson(held_, end_, context_.json);
    return held_.empty() ? "" : DrawTraces(context_, held_);
  }

  Answer Partial(Answer answer) const {
    answer.exit_code = kPartial;
    answer.err +=
        "tracectl: not all traces that match are here: " + context_.style.Clean(reason_) + "\n";
    if (!end_.next_cursor().empty()) {
      Note(context_, answer, "The search goes on with --page " + end_.next_cursor());
    }
    return answer;
  }

  const Context& context_;
  query::v1::SearchTracesRequest request_;
  query::v1::PageEnd end_;  // of the last page
  std::vector<TraceSummary> held_;
  std::size_t count_ = 0;
  bool wanted_ = true;
  bool partial_ = false;
  std::string reason_;
};

}  // namespace

Answer RunTraces(const Context& context) { return Search(context).Run(); }

}  // namespace clew::cli
