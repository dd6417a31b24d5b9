// Golden cases: what moved on a connection (*.bytes) and the exchanges that it is (*.expected).
//
//   # comment
//   whole                            not to be split: the case depends on where calls begin
//   < TIME BYTES                     read from the socket
//   > TIME BYTES                     written to it
//   <~ TIME UNSEEN BYTES [~~ LAST]   a call that moved BYTES, then UNSEEN more, then LAST
//   <gap N   >gap N                  N bytes were lost
//   <eof TIME   >eof TIME
//   tick TIME                        a drain at that time
//   close TIME
//
// BYTES go to the end of the line; escapes \r \n \t \\ \xHH.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/conn/chunk.h"

namespace clew::protocols::golden {

struct Step {
  enum class Kind { kBytes, kGap, kEof, kTick, kClose };

  Kind kind = Kind::kBytes;
  conn::Direction direction = conn::Direction::kIngress;
  std::uint64_t time = 0;
  std::uint64_t unseen = 0;  // of a call, or lost in a gap
  std::string bytes;
  std::string last;
};

struct Case {
  bool whole = false;
  std::vector<Step> steps;
};

// Throws std::runtime_error naming the line that is wrong.
Case Parse(const std::string& text);

// Runs the steps through one http1 session; the exchanges and the counters that moved, as text.
std::string Replay(const std::vector<Step>& steps);

}  // namespace clew::protocols::golden
