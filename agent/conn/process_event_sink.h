// Where process records go: they travel in the same ring as the bytes, so the connection stage
// passes them on in order.
#pragma once

#include "bpf/include/event.h"

namespace clew::conn {

class ProcessEventSink {
 public:
  virtual ~ProcessEventSink() = default;
  // `event` is valid during the call only. Ring thread; never blocks.
  virtual void OnProcess(const clew_proc_event& event) = 0;
};

}  // namespace clew::conn
