// One stage's exit and the next stage's entry: data flows one way, pushed.
#pragma once

namespace clew {

template <typename T>
class Sink {
 public:
  virtual ~Sink() = default;
  // Never blocks. What the sink cannot take it drops and counts.
  virtual void Push(T item) = 0;
};

}  // namespace clew
