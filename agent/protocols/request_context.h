// Which trace a request belongs to: what the kernel side decided, else what user space decides in
// its place.
#pragma once

#include "agent/context/extract.h"
#include "agent/context/id_source.h"
#include "agent/protocols/exchange.h"

namespace clew::protocols {

// `kernel` may be null. With an origin other than NONE its ids are the span's, since the outgoing
// header carries them already; `headers` then give the trace state only. Otherwise: a server
// continues the peer's trace, a client whose request carries a context already is ADOPTED (the
// application made a span for it), everything else is a new trace.
TraceContext DecideContext(Role role, const clew_context* kernel,
                           const context::PropagationHeaders& headers, context::IdSource& ids);

}  // namespace clew::protocols
