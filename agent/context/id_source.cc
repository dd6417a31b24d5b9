#include "agent/context/id_source.h"

namespace clew::context {
namespace {

class RandomIdSource final : public IdSource {
 public:
  TraceId NewTraceId() override { return TraceId::Random(); }
  SpanId NewSpanId() override { return SpanId::Random(); }
};

}  // namespace

IdSource& RandomIds() {
  static RandomIdSource source;
  return source;
}

}  // namespace clew::context
