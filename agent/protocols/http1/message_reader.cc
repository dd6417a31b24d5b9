#include "agent/protocols/http1/message_reader.h"

#include <algorithm>

#include "bpf/include/event.h"

namespace clew::protocols::http1 {

Input::Input(const conn::Chunk& chunk) : bytes_(chunk.bytes.substr(0, chunk.size)) {
  const std::uint64_t unseen = chunk.size - bytes_.size();
  const std::uint64_t tail = std::min<std::uint64_t>(unseen, chunk.last.size());
  tail_ = chunk.last.substr(chunk.last.size() - tail);
  hole_ = unseen - tail;
  TakeTail();
}

Input Input::Gap(std::uint64_t lost) {
  Input in;
  in.hole_ = lost;
  in.at_call_start_ = false;
  return in;
}

void Input::Consume(std::size_t n) {
  bytes_.remove_prefix(n);
  used_ += n;
  if (n > 0) at_call_start_ = false;
  TakeTail();
}

void Input::SkipHole(std::uint64_t n) {
  hole_ -= n;
  used_ += n;
  at_call_start_ = false;
  TakeTail();
}

void Input::TakeTail() {
  if (!bytes_.empty() || hole_ != 0 || tail_.empty()) return;
  bytes_ = tail_;
  tail_ = {};
}

MessageReader::Event MessageReader::Next(Input& in, Head& head) {
  for (;;) {
    bool ready = false;  // an event was found; else go on with the rest of the input
    Event event = Event::kNeedMore;
    switch (phase_) {
      case Phase::kStart:
      case Phase::kLost:
        event = NextAtStart(in, head, ready);
        break;
      case Phase::kHead:
        event = NextInHead(in, head, ready);
        break;
      case Phase::kBody:
        event = NextInBody(in, ready);
        break;
    }
    if (ready) return event;
    if (in.empty()) return Event::kNeedMore;
  }
}

MessageReader::Event MessageReader::NextAtStart(Input& in, Head& head, bool& ready) {
  DropPartial();
  if (in.empty()) return Event::kNeedMore;
  const bool was_lost = phase_ == Phase::kLost;
  if (in.bytes().empty() || (was_lost && !in.at_call_start())) {
    // A start that was not seen cannot be found; and within a call of which the beginning made no
    // sense, a body that quotes HTTP is as likely as a message.
    if (in.bytes().empty())
      in.SkipHole(in.hole());
    else
      in.Consume(in.bytes().size());
    ready = !was_lost;
    return was_lost ? Event::kNeedMore : Lose(Event::kLost);
  }
  // An empty line before a message is to be ignored (RFC 9112, section 2.2).
  const std::size_t lead = in.bytes().find_first_not_of("\r\n");
  if (lead != 0 && !was_lost) {
    in.Consume(std::min(lead, in.bytes().size()));
    return Event::kNeedMore;
  }
  const std::string_view bytes = in.bytes();
  ParseState state = ParseState::kMalformed;
  if (StartLikeness(bytes) != Likeness::kNo) {
    state = ParseHead(bytes, head);
    if (state == ParseState::kNeedMore && in.hole() > 0) {
      state = ParseCutHead(bytes, head);
    } else if (state == ParseState::kNeedMore) {
      phase_ = Phase::kHead;  // NextInHead keeps the bytes
      return Event::kNeedMore;
    }
  }
  if (state == ParseState::kMalformed || !Accepts(head)) {
    in.Consume(bytes.size());
    ready = !was_lost;
    return was_lost ? Event::kNeedMore : Lose(Event::kLost);
  }
  if (head.size > CLEW_HEAD_MAX) {
    in.Consume(bytes.size());
    ready = true;
    return Lose(Event::kHeadTooLong);
  }
  in.Consume(head.size);
  ready = true;
  return FoundHead(head);
}

MessageReader::Event MessageReader::NextInHead(Input& in, Head& head, bool& ready) {
  if (in.empty()) return Event::kNeedMore;
  const std::size_t before = partial_.size();
  const bool had_start_line = has_start_line_;
  std::size_t taken = in.bytes().size();
  partial_.append(in.bytes().substr(0, CLEW_HEAD_MAX + 1 - before));
  std::size_t end = FindHeadEnd(partial_, scanned_);
  bool cut = false;
  if (end != 0) {
    taken = end - before;
    partial_.resize(end);
  } else if (partial_.size() > CLEW_HEAD_MAX) {
    in.Consume(taken);
    ready = true;
    return Lose(Event::kHeadTooLong);
  } else {
    cut = in.hole() > 0;
  }
  if (!has_start_line_) has_start_line_ = partial_.find('\n', before) != std::string::npos;
  // Judged by its first bytes and once more by its start line, so that garbage is not kept until it
  // has the size of a head.
  ParseState state = ParseState::kMalformed;
  if (StartLikeness(partial_) != Likeness::kNo) {
    if (cut)
      state = ParseCutHead(partial_, head);
    else if (end != 0 || has_start_line_ != had_start_line)
      state = ParseHead(partial_, head);
    else
      state = ParseState::kNeedMore;
  }
  in.Consume(taken);
  if (state == ParseState::kNeedMore) return Event::kNeedMore;
  ready = true;
  if (state == ParseState::kMalformed || !Accepts(head)) return Lose(Event::kLost);
  return FoundHead(head);
}

MessageReader::Event MessageReader::NextInBody(Input& in, bool& ready) {
  if (body_.opaque() && in.at_call_start() && StartLikeness(in.bytes()) == Likeness::kYes)
    return End(ready);
  if (!body_.done() && !in.empty()) {
    if (in.bytes().empty())
      in.SkipHole(body_.Skip(in.hole()));
    else
      in.Consume(body_.Feed(in.bytes()));
  }
  if (body_.done()) return End(ready);
  if (in.empty() && body_.opaque() && body_.EndsLikeChunked()) return End(ready);
  return Event::kNeedMore;
}

void MessageReader::BeginBody(Framing framing, std::uint64_t length) {
  body_.Begin(framing, length);
  phase_ = Phase::kBody;
  DropPartial();
}

MessageReader::Event MessageReader::End(bool& ready) {
  phase_ = Phase::kStart;
  ready = true;
  return Event::kEnd;
}

MessageReader::Event MessageReader::FoundHead(const Head& head) {
  resynced_ = searching_;
  searching_ = false;
  kind_ = head.is_response ? Kind::kResponses : Kind::kRequests;
  return Event::kHead;
}

MessageReader::Event MessageReader::Lose(Event why) {
  DropPartial();
  phase_ = Phase::kLost;
  searching_ = true;
  return why;
}

Likeness MessageReader::StartLikeness(std::string_view bytes) const {
  switch (kind_) {
    case Kind::kRequests:
      return LooksLikeRequest(bytes);
    case Kind::kResponses:
      return LooksLikeResponse(bytes);
    case Kind::kEither:
      return std::max(LooksLikeRequest(bytes), LooksLikeResponse(bytes));
  }
  return Likeness::kNo;
}

bool MessageReader::Accepts(const Head& head) const {
  return kind_ == Kind::kEither || head.is_response == (kind_ == Kind::kResponses);
}

void MessageReader::DropPartial() {
  if (partial_.capacity() > kInlineCapacity)
    std::string().swap(partial_);
  else
    partial_.clear();
  scanned_ = 0;
  has_start_line_ = false;
}

}  // namespace clew::protocols::http1
