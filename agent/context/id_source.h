// Where user space takes new ids from; tests give their own, so that expected output can be written
// down.
#pragma once

#include "base/ids.h"

namespace clew::context {

class IdSource {
 public:
  virtual ~IdSource() = default;
  virtual TraceId NewTraceId() = 0;  // never all-zero
  virtual SpanId NewSpanId() = 0;    // never all-zero
};

// From the kernel's random source. Any thread.
IdSource& RandomIds();

}  // namespace clew::context
