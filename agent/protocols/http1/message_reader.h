// Cuts one direction of a connection into messages.
//
//   bytes of calls -> kHead, kEnd, kHead, kEnd ...
//
// The caller pulls events until the input is used up, and says after each kHead how the body is
// framed, since a response's framing depends on its request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/conn/chunk.h"
#include "agent/protocols/http1/body.h"
#include "agent/protocols/http1/head.h"

namespace clew::protocols::http1 {

// What one call moved, as far as it is known: its beginning, a hole, its end. Any of them may be
// empty.
class Input {
 public:
  explicit Input(const conn::Chunk& chunk);
  // A gap in the stream: nothing is known of `lost` bytes.
  static Input Gap(std::uint64_t lost);

  bool empty() const { return bytes_.empty() && hole_ == 0; }
  std::string_view bytes() const {
    return bytes_;
  }                                             // what is seen at this point; empty within the hole
  std::uint64_t hole() const { return hole_; }  // what comes after `bytes`
  bool at_call_start() const { return at_call_start_; }
  std::uint64_t used() const { return used_; }
  void Consume(std::size_t n);
  void SkipHole(std::uint64_t n);

 private:
  Input() = default;
  void TakeTail();

  std::string_view bytes_;
  std::uint64_t hole_ = 0;
  std::string_view tail_;
  std::uint64_t used_ = 0;
  bool at_call_start_ = true;
};

class MessageReader {
 public:
  enum class Kind : std::uint8_t { kEither, kRequests, kResponses };
  enum class Event : std::uint8_t {
    kNeedMore,     // the input is used up
    kHead,         // `head` is valid until the next call of this reader; BeginBody must follow
    kEnd,          // the message that the last kHead began is over
    kLost,         // what follows is no message: searching for the next start
    kHeadTooLong,  // as kLost, because a head passed CLEW_HEAD_MAX
  };

  Event Next(Input& in, Head& head);
  void BeginBody(Framing framing, std::uint64_t length);
  // Which messages to look for; kEither until the first one told.
  void set_kind(Kind kind) { kind_ = kind; }

  // Between messages, in sync with the stream.
  bool at_start() const { return phase_ == Phase::kStart; }
  // Searching for a message after a gap or garbage; also before the first message.
  bool lost() const { return phase_ == Phase::kLost; }
  bool in_head() const { return phase_ == Phase::kHead; }
  bool in_body() const { return phase_ == Phase::kBody; }
  const BodyReader& body() const { return body_; }
  // The last kHead was the first one after kLost.
  bool resynced() const { return resynced_; }
  // Bytes kept of a head that is not complete.
  std::size_t buffered() const {
    return partial_.capacity() > kInlineCapacity ? partial_.capacity() : 0;
  }

 private:
  enum class Phase : std::uint8_t { kStart, kHead, kBody, kLost };
  static constexpr std::size_t kInlineCapacity =
      15;  // std::string holds so many without allocating

  Event NextAtStart(Input& in, Head& head, bool& ready);
  Event NextInHead(Input& in, Head& head, bool& ready);
  Event NextInBody(Input& in, bool& ready);
  Event FoundHead(const Head& head);
  Event Lose(Event why);
  Likeness StartLikeness(std::string_view bytes) const;
  bool Accepts(const Head& head) const;
  Event End(bool& ready);
  void DropPartial();

  Phase phase_ = Phase::kStart;
  Kind kind_ = Kind::kEither;
  bool searching_ = false;  // no message since the last kLost
  bool resynced_ = false;
  bool has_start_line_ = false;  // in partial_
  BodyReader body_;
  std::string partial_;      // the head so far
  std::size_t scanned_ = 0;  // of partial_, see FindHeadEnd
};

}  // namespace clew::protocols::http1
