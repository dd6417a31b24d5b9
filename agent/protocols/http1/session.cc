#include "agent/protocols/http1/session.h"

#include <algorithm>
#include <utility>

#include "agent/protocols/http1/exchange_fields.h"
#include "agent/protocols/request_context.h"

namespace clew::protocols::http1 {
namespace {

using conn::Direction;
using Event = MessageReader::Event;

constexpr std::size_t kMaxPipelined = 128;  // requests without an answer
constexpr int kMaxLostTurns = 32;           // changes of direction without a message
// A response may overtake the records of its request's last bytes, and a server may answer before
// it has read them all.
constexpr std::chrono::milliseconds kRequestEndWait(50);
// A response whose end cannot be found ends with the next request, or when nothing more came for so
// long.
constexpr std::chrono::seconds kOpaqueQuiet(1);

}  // namespace

struct Session::Pending {
  Exchange exchange;
  bool to_head = false;
  bool to_connect = false;
  bool request_done = false;
  bool response_done = false;
};

Session::Session(const conn::ConnInfo& conn, ParseCounters& counters, context::IdSource& ids)
    : conn_(conn), counters_(counters), ids_(ids) {}

Session::~Session() = default;

std::uint32_t Session::OnChunk(const conn::Chunk& chunk, bool may_wait, Sink<Exchange>& out) {
  Input in(chunk);
  Run(chunk.direction, in, &chunk, may_wait, out);
  if (!finished_ && reader(chunk.direction).lost() && chunk.direction != last_direction_ &&
      ++lost_turns_ > kMaxLostTurns) {
    GiveUp(out);
  }
  last_direction_ = chunk.direction;
  return finished_ ? chunk.size : static_cast<std::uint32_t>(in.used());
}

void Session::OnGap(Direction direction, std::uint64_t lost, Sink<Exchange>& out) {
  ++counters_.gaps;
  Input in = Input::Gap(lost);
  in_gap_ = true;
  Run(direction, in, nullptr, false, out);
  in_gap_ = false;
}

// `chunk` is null for a gap, of which no time is known.
void Session::Run(Direction direction, Input& in, const conn::Chunk* chunk, bool may_wait,
                  Sink<Exchange>& out) {
  MessageReader& messages = reader(direction);
  Head head;
  while (!finished_) {
    if (may_wait && MustWait(direction, in)) return;
    const bool was_in_head = messages.in_head();
    const bool was_in_body = messages.in_body();
    const bool at_call_start = in.at_call_start();
    const std::uint64_t used = in.used();
    const Event event = messages.Next(in, head);

    if (chunk != nullptr) {
      const bool head_goes_on =
          was_in_head && (chunk->flags & CLEW_DATA_CONTEXT) != 0 && at_call_start;
      const bool head_began = !was_in_head && (event == Event::kHead || messages.in_head());
      if (head_began) NoteHeadStart(*chunk, at_call_start);
      if (head_goes_on) NoteContext(*chunk);
      if (was_in_body && in.used() != used) NoteProgress(direction, chunk->time);
    }
    switch (event) {
      case Event::kNeedMore:
        return;
      case Event::kHead:
        lost_turns_ = 0;
        if (messages.resynced()) ++counters_.resyncs;
        if (head.cut) ++counters_.truncated_heads;
        LearnRole(direction, head.is_response);
        head_end_ =
            chunk != nullptr ? chunk->time : head_starts_[static_cast<std::size_t>(direction)].time;
        if (head.is_response)
          OnResponseHead(head, out);
        else
          OnRequestHead(head, out);
        break;
      case Event::kEnd:
        if (IsRequests(direction))
          OnRequestEnd(out);
        else if (answering_)
          OnResponseEnd(false, out);
        break;
      case Event::kHeadTooLong:
        ++counters_.head_too_long;
        OnLost(direction, out);
        break;
      case Event::kLost:
        if (was_in_head && chunk == nullptr) ++counters_.partial_heads;
        OnLost(direction, out);
        break;
    }
  }
}

// True when a response begins here whose request this end must have written already: the threads
// that write and read record independently. A server cannot answer what it has not read, and a
// connection that we do not know from its beginning may well show the answer to a request of
// before.
bool Session::MustWait(Direction direction, const Input& in) const {
  if (direction != Direction::kIngress || in.empty() || !pending_.empty() ||
      !reader(direction).at_start())
    return false;
  const bool is_client = role_known_ ? request_direction_ == Direction::kEgress && requests_seen_
                                     : conn_.role == CLEW_ROLE_ACTIVE;
  return is_client && LooksLikeResponse(in.bytes()) != Likeness::kNo;
}

void Session::NoteHeadStart(const conn::Chunk& chunk, bool at_call_start) {
  HeadStart& start = head_starts_[static_cast<std::size_t>(chunk.direction)];
  start.time = chunk.time;
  start.tgid = chunk.tgid;
  start.tid = chunk.tid;
  start.has_context = false;
  start.seq = at_call_start ? chunk.seq : 0;
  // The kernel side looks at the first byte of a call only: its context is not that of a request
  // further in.
  if (at_call_start) NoteContext(chunk);
}

void Session::NoteContext(const conn::Chunk& chunk) {
  if (chunk.context == nullptr) return;
  HeadStart& start = head_starts_[static_cast<std::size_t>(chunk.direction)];
  start.context = *chunk.context;
  start.has_context = true;
}

// Bytes of a body moved.
void Session::NoteProgress(Direction direction, KernelNanos time) {
  if (!IsRequests(direction))
    last_response_ = std::max(last_response_, time);
  else if (reading_ != nullptr)
    reading_->exchange.request_end = time;
}

void Session::LearnRole(Direction direction, bool is_response) {
  if (role_known_) return;
  role_known_ = true;
  request_direction_ = is_response ? conn::Other(direction) : direction;
  requests().set_kind(MessageReader::Kind::kRequests);
  responses().set_kind(MessageReader::Kind::kResponses);
}

void Session::OnRequestHead(const Head& head, Sink<Exchange>& out) {
  while (!pending_.empty() && pending_.front()->response_done) PushFront(false, out);
  if (!pipelined_ && answering_ && responses().body().opaque()) OnResponseEnd(false, out);
  if (responses().lost()) PushAll(out);
  if (pending_.size() == kMaxPipelined) return GiveUp(out);

  const HeadStart& start = head_starts_[static_cast<std::size_t>(request_direction_)];
  auto pending = std::make_unique<Pending>();
  Exchange& exchange = pending->exchange;
  exchange.role = request_direction_ == Direction::kIngress ? Role::kServer : Role::kClient;
  exchange.tgid = start.tgid;
  exchange.tid = start.tid;
  exchange.request_start = start.time;
  exchange.request_end = head_end_;
  exchange.request_number = requests_++;
  exchange.request_seq = start.seq;
  CopyRequestFields(head, exchange);
  exchange.context = DecideContext(exchange.role, start.has_context ? &start.context : nullptr,
                                   head.propagation, ids_);
  pending->to_head = head.method == "HEAD";
  pending->to_connect = head.method == "CONNECT";
  requests_seen_ = true;
  reading_ = pending.get();
  pending_.push_back(std::move(pending));
  requests().BeginBody(RequestFraming(head), head.length);
}

void Session::OnRequestEnd(Sink<Exchange>& out) {
  if (reading_ == nullptr) return;
  Pending& pending = *std::exchange(reading_, nullptr);
  pending.request_done = true;
  pending.exchange.request_body_size = requests().body().size();
  if (pending.response_done) PushFront(false, out);
}

void Session::OnResponseHead(const Head& head, Sink<Exchange>& out) {
  const bool final = head.status >= 200 || head.status == 101;
  while (final && !pending_.empty() && pending_.front()->response_done) PushFront(false, out);
  if (pending_.empty()) {
    // Whether it has a body is not known without its request, so its length is not to be trusted.
    if (final) ++counters_.orphan_responses;
    finished_ = head.status == 101;
    return responses().BeginBody(final ? Framing::kUnknown : Framing::kNone, 0);
  }
  if (!final) return responses().BeginBody(Framing::kNone, 0);

  Pending& pending = *pending_.front();
  Exchange& exchange = pending.exchange;
  exchange.status_code = head.status;
  exchange.response_start =
      head_starts_[static_cast<std::size_t>(conn::Other(request_direction_))].time;
  last_response_ = head_end_;
  answering_ = true;
  if (head.status == 101 || (pending.to_connect && head.status < 300)) {
    exchange.upgraded = true;
    OnResponseEnd(false, out);
    PushAll(out);
    finished_ = true;
    return;
  }
  responses().BeginBody(ResponseFraming(head, pending.to_head), head.length);
}

void Session::OnResponseEnd(bool incomplete, Sink<Exchange>& out) {
  answering_ = false;
  Pending& pending = *pending_.front();
  pending.exchange.response_end = last_response_;
  if (!pending.exchange.upgraded) pending.exchange.response_body_size = responses().body().size();
  // One that was answered while another one waited: seen with nothing lost, so that is how this
  // client works. An end inside a gap says nothing: the next request's record was only faster than the news of the loss.
  if (!incomplete && !in_gap_ && pending_.size() > 1) pipelined_ = true;
  pending.response_done = !incomplete;
  const bool request_goes_on =
      &pending == reading_ && !requests().body().opaque() && !requests().body().done();
  if (incomplete || !request_goes_on) PushFront(incomplete, out);
}

// No more bytes of responses will come.
void Session::EndResponses(Sink<Exchange>& out) {
  if (answering_) {
    const BodyReader& body = responses().body();
    OnResponseEnd(!body.until_close() && !body.opaque() && !body.done(), out);
  }
  PushAll(out);
}

void Session::OnEof(Direction direction, KernelNanos, Sink<Exchange>& out) {
  if (role_known_ && !IsRequests(direction)) EndResponses(out);
}

void Session::OnClose(KernelNanos, Sink<Exchange>& out) {
  for (const MessageReader& messages : readers_) counters_.partial_heads += messages.in_head();
  EndResponses(out);
  if (!role_known_) ++counters_.not_this_protocol;
  finished_ = true;
}

bool Session::wants_tick() const {
  return !pending_.empty() &&
         (pending_.front()->response_done || (answering_ && responses().body().opaque()));
}

void Session::OnTick(KernelNanos now, Sink<Exchange>& out) {
  if (pending_.empty()) return;
  if (pending_.front()->response_done) {
    if (now - last_response_ > kRequestEndWait) PushFront(false, out);
  } else if (answering_ && responses().body().opaque() && now - last_response_ > kOpaqueQuiet) {
    OnResponseEnd(false, out);
  }
}

// Messages may be missing in this direction, see the table in the header.
void Session::OnLost(Direction direction, Sink<Exchange>& out) {
  if (!role_known_) return;
  if (pipelined_) return GiveUp(out);
  if (IsRequests(direction)) {
    requests_seen_ = false;
    return;
  }
  while (pending_.size() > 1) PushFront(!pending_.front()->response_done, out);
}

void Session::PushFront(bool incomplete, Sink<Exchange>& out) {
  const std::unique_ptr<Pending> pending = std::move(pending_.front());
  pending_.erase(pending_.begin());
  if (pending.get() == reading_) reading_ = nullptr;

  Exchange& exchange = pending->exchange;
  exchange.conn = conn_;
  exchange.incomplete = incomplete;
  OrderTimes(exchange);
  out.Push(std::move(exchange));
}

void Session::PushAll(Sink<Exchange>& out) {
  while (!pending_.empty()) PushFront(!pending_.front()->response_done, out);
}

void Session::GiveUp(Sink<Exchange>& out) {
  ++(role_known_ ? counters_.given_up : counters_.not_this_protocol);
  if (answering_) OnResponseEnd(true, out);
  PushAll(out);
  finished_ = true;
}

std::size_t Session::buffered() const {
  std::size_t bytes = readers_[0].buffered() + readers_[1].buffered();
  for (const auto& pending : pending_) bytes += pending->exchange.target.size();
  if (pending_.size() > 1) bytes += (pending_.size() - 1) * sizeof(Pending);
  return bytes;
}

}  // namespace clew::protocols::http1
