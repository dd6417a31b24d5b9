// The adversary of columns: spans whose eleven attributes have random keys (of 97) and random
// values (of 1,000), so that nothing follows from anything. 8 spans of a trace below one root, 10
// services with 10 operations each, random ids: some 573 bytes a span in OTLP. No span comes twice.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "store/span_record.h"

namespace clew::bench {

// The same seed gives the same traces, number by number, in any order.
class RandomLoad {
 public:
  // `begin_ns`: start of trace 0, Unix time; the others follow in steps of 1 ms.
  RandomLoad(std::uint64_t seed, std::uint64_t begin_ns);
  // Traces `first` to `first + count - 1` as the receiver hands them to the store.
  store::SpanBatch Records(std::uint64_t first, std::uint64_t count) const;

 private:
  const std::uint64_t seed_;
  const std::uint64_t begin_ns_;
  std::vector<std::shared_ptr<const std::string>> resources_;  // by service
  std::shared_ptr<const std::string> scope_;
};

}  // namespace clew::bench
