// Pairs the requests and responses of one HTTP/1.x connection.
//
// The direction of the first request gives the role: read from the socket, this end is the server;
// written, the client. Responses come in the order of their requests (RFC 9112, section 9.3.2).
// What a gap does to that order:
//
// - in a body: counted through, or the framing is lost and the next start is looked for
// - between requests: responses that find no request are dropped (orphans)
// - between responses: all requests but the last are over, since clients rarely pipeline; on a
//   connection that was seen to pipeline nothing is certain: given up
// - a request comes while the answer to the one before is still lost: that one is over
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "agent/context/id_source.h"
#include "agent/protocols/http1/message_reader.h"
#include "agent/protocols/session.h"

namespace clew::protocols::http1 {

class Session final : public ProtocolSession {
 public:
  // `conn`, `counters` and `ids` must outlive the session.
  Session(const conn::ConnInfo& conn, ParseCounters& counters, context::IdSource& ids);
  ~Session() override;

  std::uint32_t OnChunk(const conn::Chunk& chunk, bool may_wait, Sink<Exchange>& out) override;
  void OnGap(conn::Direction direction, std::uint64_t lost, Sink<Exchange>& out) override;
  void OnEof(conn::Direction direction, KernelNanos time, Sink<Exchange>& out) override;
  void OnClose(KernelNanos time, Sink<Exchange>& out) override;
  bool finished() const override { return finished_; }
  bool wants_tick() const override;
  void OnTick(KernelNanos now, Sink<Exchange>& out) override;
  std::size_t buffered() const override;

 private:
  struct Pending;
  // Where and by whom the head that is being read was begun.
  struct HeadStart {
    KernelNanos time{};
    std::uint32_t tgid = 0;
    std::uint32_t tid = 0;
    std::uint32_t seq = 0;  // of its first byte; 0: not known
    bool has_context = false;
    clew_context context{};
  };

  MessageReader& reader(conn::Direction d) { return readers_[static_cast<std::size_t>(d)]; }
  const MessageReader& reader(conn::Direction d) const {
    return readers_[static_cast<std::size_t>(d)];
  }
  const MessageReader& responses() const { return reader(conn::Other(request_direction_)); }
  bool IsRequests(conn::Direction d) const { return role_known_ && d == request_direction_; }
  MessageReader& requests() { return reader(request_direction_); }
  MessageReader& responses() { return reader(conn::Other(request_direction_)); }

  void Run(conn::Direction direction, Input& in, const conn::Chunk* chunk, bool may_wait,
           Sink<Exchange>& out);
  bool MustWait(conn::Direction direction, const Input& in) const;
  void NoteHeadStart(const conn::Chunk& chunk, bool at_call_start);
  void NoteContext(const conn::Chunk& chunk);
  void NoteProgress(conn::Direction direction, KernelNanos time);
  void LearnRole(conn::Direction direction, bool is_response);
  void OnHead(conn::Direction direction, const Head& head, Sink<Exchange>& out);
  void OnRequestHead(const Head& head, Sink<Exchange>& out);
  void OnResponseHead(const Head& head, Sink<Exchange>& out);
  void OnRequestEnd(Sink<Exchange>& out);
  void OnResponseEnd(bool incomplete, Sink<Exchange>& out);
  void EndResponses(Sink<Exchange>& out);
  void OnLost(conn::Direction direction, Sink<Exchange>& out);
  void PushFront(bool incomplete, Sink<Exchange>& out);
  void PushAll(Sink<Exchange>& out);
  void GiveUp(Sink<Exchange>& out);

  const conn::ConnInfo& conn_;
  ParseCounters& counters_;
  context::IdSource& ids_;
  std::array<MessageReader, 2> readers_;
  std::vector<std::unique_ptr<Pending>> pending_;  // oldest first; empty on an idle connection
  Pending* reading_ = nullptr;                     // the one of pending_ whose request is not over
  std::array<HeadStart, 2> head_starts_;
  KernelNanos head_end_{};       // last byte of the head that was read last
  KernelNanos last_response_{};  // last bytes in that direction
  std::uint64_t requests_ = 0;
  int lost_turns_ = 0;
  conn::Direction request_direction_ = conn::Direction::kIngress;
  conn::Direction last_direction_ = conn::Direction::kIngress;
  bool role_known_ = false;
  bool answering_ = false;      // the final response to the front of pending_ has begun
  bool in_gap_ = false;         // bytes that nobody saw are being counted through
  bool pipelined_ = false;      // seen to send requests before the answer to the one before
  bool requests_seen_ = false;  // since the last loss between requests
  bool finished_ = false;
};

}  // namespace clew::protocols::http1
