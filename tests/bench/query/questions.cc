#include "questions.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "percentile.h"
#include "store/query/attributes.h"
#include "store/query/parse.h"

namespace clew::bench {
namespace {

using store::Page;
using store::Query;

constexpr std::uint32_t kLimit = 20;
constexpr int kPages = 100;
constexpr std::chrono::hours kDay{24};

double MillisecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

Error Wrong(const std::string& question, const std::string& why) {
  return Error{Code::kInternal, question + ": " + why};
}

// The text of an attribute of a span of the load.
std::string TextAttribute(const store::SpanRecord& span, std::string_view wanted) {
  std::string text;
  store::ReadSpanAttributes(span.span, [&](std::string_view key, const store::ValueView& value) {
    if (key == wanted) text = value.string;
    return key != wanted;
  });
  return text;
}

}  // namespace

std::string Figures::Json() const {
  return fmt::format(
      "\"trace_by_id_p99_ms\":{:.2f},\"service_search_p99_ms\":{:.2f},"
      "\"attribute_search_rare_p99_ms\":{:.2f},\"attribute_search_frequent_p99_ms\":{:.2f},"
      "\"slowest_p99_ms\":{:.2f},\"regex_hour_ms\":{:.1f},\"dependencies_ms\":{:.1f},"
      "\"page100_over_page1\":{:.2f}",
      trace_by_id_p99_ms, service_search_p99_ms, attribute_search_rare_p99_ms,
      attribute_search_frequent_p99_ms, slowest_p99_ms, regex_hour_ms, dependencies_ms,
      page100_over_page1);
}

template <typename F>
Result<std::vector<double>> Questions::Times(int usual, F ask) {
  const int runs = std::max(1, static_cast<int>(usual * share_));
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    if (const Status asked = ask(); !asked) return asked.error();
    times.push_back(MillisecondsSince(begin));
  }
  return times;
}

Result<Page> Questions::Search(const std::string& expression, Query query) {
  auto conditions = store::ParseConditions(expression);
  if (!conditions) return conditions.error();
  query.conditions = *std::move(conditions);
  query.limit = kLimit;
  auto page = store_.Search(query, {});
  if (page && page->partial != store::Partial::kNo) {
    return Wrong(expression, "partial: " + page->partial_detail);
  }
  return page;
}

Query Questions::WholeDay() const {
  return {.start_min = data_.begin, .start_max = data_.begin + kDay};
}

Query Questions::RandomHour() {
  Query query;
  query.start_min = data_.begin + std::chrono::minutes(random_.Below(23 * 60));
  query.start_max = query.start_min + std::chrono::hours(1);
  return query;
}

std::string Questions::RandomService() { return Workload::ServiceName(1 + random_.Below(29)); }

Status Questions::TraceById() {
  const std::uint64_t number = random_.Next() % data_.traces;
  const TraceId id = data_.workload.Trace(number).id;
  int spans = 0;
  const Status read = store_.ReadTrace(id, [&spans](const store::SpanRecord&) {
    ++spans;
    return true;
  });
  if (!read) return read;
  if (spans != kSpansPerTrace) return Wrong("trace by id", std::to_string(spans) + " spans");
  return {};
}

Status Questions::ServiceSearch() {
  const std::string service = RandomService();
  const auto page = Search("service=" + service, RandomHour());
  if (!page) return page.error();
  for (const store::TraceSummary& trace : page->traces) {
    if (!std::binary_search(trace.services.begin(), trace.services.end(), service)) {
      return Wrong("service search", "a trace without " + service);
    }
  }
  return page->traces.empty() ? Status(Wrong("service search", "nothing found")) : Status{};
}

Status Questions::RareAttribute() {
  // A user that is there: the one of a random span.
  const auto records = data_.workload.Records(random_.Next() % data_.traces, 1);
  const auto page = Search("user.id=" + TextAttribute(records.front(), "user.id"), WholeDay());
  if (!page) return page.error();
  return page->traces.empty() ? Status(Wrong("rare attribute", "nothing found")) : Status{};
}

Status Questions::FrequentAttribute() {
  const auto page = Search("http.response.status_code=500", WholeDay());
  if (!page) return page.error();
  if (page->traces.size() != kLimit) return Wrong("frequent attribute", "a short page");
  const bool all_failed = std::all_of(page->traces.begin(), page->traces.end(),
                                      [](const auto& trace) { return trace.error_count > 0; });
  return all_failed ? Status{} : Wrong("frequent attribute", "a trace without errors");
}

Status Questions::Slowest() {
  Query query = RandomHour();
  query.order = store::Order::kSlowest;
  const auto page = Search("service=" + RandomService(), query);
  if (!page) return page.error();
  const auto faster = [](const auto& a, const auto& b) {
    return a.end - a.start > b.end - b.start;
  };
  if (page->traces.empty() || !std::is_sorted(page->traces.begin(), page->traces.end(), faster)) {
    return Wrong("slowest", "nothing found, or out of order");
  }
  return {};
}

Status Questions::RegexOverAnHour() {
  // Matches too few spans to fill a page, so that the whole hour must be looked at.
  const auto page = Search("url.path~\"/orders/1234.$\"", RandomHour());
  if (!page) return page.error();
  return page->next_cursor.empty() ? Status{} : Wrong("regex", "a page and more of a rare path");
}

Status Questions::DependenciesOfTheDay() {
  const auto graph = store_.Dependencies(data_.begin, data_.begin + kDay);
  if (!graph) return graph.error();
  double calls = 0;
  for (const store::Dependency& edge : graph->edges) calls += edge.calls;
  // Seven spans of eight have a parent, twenty-nine of thirty of another service, about.
  const double expected = static_cast<double>(data_.traces) * 7 * 29 / 30;
  // The store may have widened the day to what is being written behind it.
  return calls > 0.95 * expected
             ? Status{}
             : Wrong("dependencies", fmt::format("{:.0f} calls of {:.0f}", calls, expected));
}

Status Questions::Pages(std::vector<double>& first, std::vector<double>& hundredth) {
  Query query = WholeDay();
  const std::string expression = "service=" + RandomService();
  for (int number = 1; number <= kPages; ++number) {
    const auto begin = std::chrono::steady_clock::now();
    const auto page = Search(expression, query);
    const double ms = MillisecondsSince(begin);
    if (!page) return page.error();
    if (number == 1) first.push_back(ms);
    if (number == kPages) hundredth.push_back(ms);
    query.cursor = page->next_cursor;
    if (query.cursor.empty()) break;  // a data set too small for so many pages
  }
  return {};
}

Result<Figures> Questions::Ask() {
  Figures figures;
  const auto measure = [&](int usual, double percentile, Status (Questions::*ask)(),
                           double& figure) -> Status {
    const auto times = Times(usual, [this, ask] { return (this->*ask)(); });
    if (!times) return times.error();
    figure = Percentile(*times, percentile);
    return {};
  };
  struct {
    int usual;
    double percentile;
    Status (Questions::*ask)();
    double& figure;
  } const questions[] = {
      {2000, 0.99, &Questions::TraceById, figures.trace_by_id_p99_ms},
      {500, 0.99, &Questions::ServiceSearch, figures.service_search_p99_ms},
      {300, 0.99, &Questions::RareAttribute, figures.attribute_search_rare_p99_ms},
      {300, 0.99, &Questions::FrequentAttribute, figures.attribute_search_frequent_p99_ms},
      {200, 0.99, &Questions::Slowest, figures.slowest_p99_ms},
      {5, 1.0, &Questions::RegexOverAnHour, figures.regex_hour_ms},
      {5, 1.0, &Questions::DependenciesOfTheDay, figures.dependencies_ms},
  };
  for (const auto& question : questions) {
    const Status asked =
        measure(question.usual, question.percentile, question.ask, question.figure);
    if (!asked) return asked.error();
  }
  std::vector<double> first;
  std::vector<double> hundredth;
  const auto pages = Times(40, [&] { return Pages(first, hundredth); });
  if (!pages) return pages.error();
  figures.page100_over_page1 = Percentile(hundredth, 0.5) / Percentile(first, 0.5);
  return figures;
}

}  // namespace clew::bench
