// Where records come from: the kernel's ring buffer, or a recorded file.
#pragma once

#include <chrono>
#include <string_view>

#include "base/result.h"
#include "bpf/include/event.h"

namespace clew::kernel {

// Receives every record in the order of the source, on the thread that polls.
class EventSink {
 public:
  virtual ~EventSink() = default;
  // `record` is the whole record, header included; it is valid during the call only. The source has checked that it is as
  // long as its type demands, `captured` bytes of data included.
  virtual void OnEvent(const clew_event_header& header, std::string_view record) = 0;
  // After the last record of one drain. Stages that wait for a late neighbour decide here.
  virtual void OnDrained() {}
};

class EventSource {
 public:
  virtual ~EventSource() = default;
  // Delivers what is there, waits at most `timeout` when nothing is. Returns the number of records;
  // kNotFound when the source has ended (a replayed file).
  virtual Result<int> Poll(std::chrono::milliseconds timeout, EventSink& sink) = 0;
};

}  // namespace clew::kernel
