// Reads one trace through the query service as it comes, and compares it with what was sent without
// ever holding it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "huge_trace.h"

namespace clew::bench {

// What was sent: a 64-bit hash of each span with its service, by span id.
class SentSpans {
 public:
  explicit SentSpans(const HugeTrace& trace);
  // Takes the span away; false when it is not, or no longer, among them.
  bool Take(std::uint64_t id, std::uint64_t hash);
  std::uint64_t left() const { return left_; }
  static std::uint64_t HashOf(const std::string& service, const std::string& span);

 private:
  struct Sent {
    std::uint64_t id = 0;
    std::uint64_t hash = 0;
    bool taken = false;
  };
  std::vector<Sent> spans_;  // by id
  std::uint64_t left_ = 0;
};

struct StreamResult {
  double seconds = 0;
  std::uint64_t spans = 0;
  std::uint64_t unknown = 0;  // not as they were sent, or there twice; only with `sent`
  bool in_order = true;       // of start, then span id
};
// `id`: a trace id or the beginning of one. `sent`: null: spans are only counted. Errors: the
// query's.
Result<StreamResult> StreamTrace(const std::string& query_address, const std::string& id,
                                 SentSpans* sent);

}  // namespace clew::bench
