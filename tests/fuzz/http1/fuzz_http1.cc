// One HTTP/1.x session under any bytes, cut anywhere, with holes and gaps. What must hold, whatever
// comes:
//   - what a session takes is not more than it was given, and without waiting all of it
//   - its memory is bounded, and everything that it began comes out when the connection closes
//   - times of an exchange are in order, ids are valid, fields within their limits
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "agent/protocols/http1/session.h"
#include "base/result.h"

namespace {

using clew::conn::Direction;
using clew::protocols::Exchange;

class Checker final : public clew::Sink<Exchange> {
 public:
  void Push(Exchange e) override {
    ++pushed;
    CLEW_CHECK(e.request_start <= e.request_end);
    if (e.status_code != 0) {
      CLEW_CHECK(e.request_start <= e.response_start && e.response_start <= e.response_end);
    } else {
      CLEW_CHECK(e.incomplete);
    }
    CLEW_CHECK(e.context.trace_id.valid() && e.context.span_id.valid());
    CLEW_CHECK(!e.method.empty() && e.target.size() <= 8192 && e.host.size() <= 1024 &&
               e.user_agent.size() <= 1024);
    CLEW_CHECK(e.context.trace_state.size() <= 512);
  }
  int pushed = 0;
};

// Reads the input as steps: a control byte, a length byte, then the bytes.
class Steps {
 public:
  explicit Steps(std::string_view bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty(); }
  std::uint8_t Byte() {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<std::uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    return byte;
  }
  std::string_view Bytes(std::size_t n) {
    const std::string_view taken = rest_.substr(0, n);
    rest_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view rest_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Steps steps(std::string_view(reinterpret_cast<const char*>(data), size));
  clew::conn::ConnInfo info;
  info.role = steps.Byte() % 3;
  clew::protocols::ParseCounters counters;
  Checker out;
  clew::protocols::http1::Session session(info, counters, clew::context::RandomIds());
  std::uint64_t time = 1;
  while (!steps.done() && !session.finished()) {
    const std::uint8_t control = steps.Byte();
    const auto direction = static_cast<Direction>(control & 1);
    time += control >> 6;
    const clew::KernelNanos now = clew::KernelNanosFrom(time);
    switch (control >> 1 & 15) {
      case 0:
        session.OnGap(direction, steps.Byte(), out);
        break;
      case 1:
        session.OnEof(direction, now, out);
        break;
      case 2:
        time += 600'000'000;
        session.OnTick(clew::KernelNanosFrom(time), out);
        break;
      default: {
        clew_context context{};
        context.origin = control >> 2 & 7;
        context.trace_id[0] = context.span_id[0] = control;
        clew::conn::Chunk chunk{.direction = direction, .time = now, .context = &context};
        chunk.flags = CLEW_DATA_REQUEST | CLEW_DATA_CONTEXT;
        chunk.bytes = steps.Bytes(steps.Byte());
        std::uint32_t hole = 0;
        if ((control & 32) != 0) {
          hole = steps.Byte() * 16u;
          chunk.last = steps.Bytes(steps.Byte() % 9);
        }
        chunk.size = static_cast<std::uint32_t>(chunk.bytes.size() + hole + chunk.last.size());
        const bool may_wait = (control & 16) != 0;
        const std::uint32_t taken = session.OnChunk(chunk, may_wait, out);
        CLEW_CHECK(may_wait ? taken <= chunk.size : taken == chunk.size);
        break;
      }
    }
    CLEW_CHECK(session.buffered() <= (2 * CLEW_HEAD_MAX + 128 * 16384));
  }
  if (!session.finished()) session.OnClose(clew::KernelNanosFrom(time), out);
  CLEW_CHECK(session.finished() && session.buffered() <= 2 * CLEW_HEAD_MAX * 2);
  return 0;
}
