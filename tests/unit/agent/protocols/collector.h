// What sessions under test push, and ids that can be written down.
#pragma once

#include <utility>
#include <vector>

#include "agent/context/id_source.h"
#include "agent/protocols/exchange.h"
#include "base/sink.h"

namespace clew::protocols {

class Collected final : public Sink<Exchange> {
 public:
  void Push(Exchange item) override { exchanges.push_back(std::move(item)); }
  std::vector<Exchange> exchanges;
};

// 1, 2, 3 ...; trace and span ids from one sequence.
class CountingIds final : public context::IdSource {
 public:
  TraceId NewTraceId() override {
    TraceId id;
    id.bytes[15] = ++last_;
    return id;
  }
  SpanId NewSpanId() override {
    SpanId id;
    id.bytes[7] = ++last_;
    return id;
  }

 private:
  std::uint8_t last_ = 0;
};

}  // namespace clew::protocols
