// The questions of the query benchmark, asked of a store that holds a day of the realistic load.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "random.h"
#include "realistic.h"
#include "store/span_store.h"

namespace clew::bench {

// What is in the store: traces 0 to `traces - 1` of `workload`, begun evenly over a day from
// `begin`.
struct DataSet {
  const Workload& workload;
  std::uint64_t traces = 0;
  UnixNanos begin{};
};

struct Figures {
  double trace_by_id_p99_ms = 0;
  double service_search_p99_ms = 0;
  double attribute_search_rare_p99_ms = 0;
  double attribute_search_frequent_p99_ms = 0;
  double slowest_p99_ms = 0;
  double regex_hour_ms = 0;
  double dependencies_ms = 0;
  double page100_over_page1 = 0;

  // The members of a JSON object, without its braces.
  std::string Json() const;
};

// Asks every question so often that its figure means something, and checks the answers: a store
// that is quick because it finds nothing must not look good. Errors name the question and what was
// wrong with its answer.
class Questions {
 public:
  // `share` of the usual number of repetitions, one at least.
  Questions(store::SpanStore& store, const DataSet& data, double share)
      : store_(store), data_(data), share_(share), random_(20'251'123) {}

  Result<Figures> Ask();

 private:
  // Runs `ask` as often as is usual for it and gives the milliseconds of each run.
  template <typename F>
  Result<std::vector<double>> Times(int usual, F ask);
  Result<store::Page> Search(const std::string& expression, store::Query query);
  // A random hour of the day, as the range of a query.
  store::Query RandomHour();
  store::Query WholeDay() const;
  std::string RandomService();

  Status TraceById();
  Status ServiceSearch();
  Status RareAttribute();
  Status FrequentAttribute();
  Status Slowest();
  Status RegexOverAnHour();
  Status DependenciesOfTheDay();
  // Milliseconds of page 1 and of page 100 of one search are added.
  Status Pages(std::vector<double>& first, std::vector<double>& hundredth);

  store::SpanStore& store_;
  const DataSet data_;
  const double share_;
  Random random_;
};

}  // namespace clew::bench
