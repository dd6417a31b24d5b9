// The questions of the self-test: each does to its own socket what some real program does, and
// makes the attempt fail unless the socket answers as one that nobody touched.
//
// Each opens its connections itself, sends a real HTTP/1.1 request first, so that a policy that
// injects does so, and returns by the attempt's deadline. None checks what another one is named
// for: other questions wait with poll() and read without blocking, so that one harmed system call
// makes one question fail.
#pragma once

#include "agent/selftest/connection.h"

namespace clew::selftest {

// --- questions_reading.cc: what is in the receive queue
// FIONREAD counts the bytes that are there. nginx sizes its reads by it and stalls on 0.
void AskFionread(Trial& trial);
// splice() moves them into a pipe, as haproxy and Go's io.Copy do.
void AskSplice(Trial& trial);
// MSG_PEEK shows them and leaves them.
void AskPeek(Trial& trial);
// MSG_WAITALL waits for the second half.
void AskWaitAll(Trial& trial);
// recv() on an empty queue: EAGAIN at once with MSG_DONTWAIT.
void AskDontWait(Trial& trial);
// ... and with SO_RCVTIMEO when that time is over, not before.
void AskReceiveTimeout(Trial& trial);

// --- questions_events.cc: readiness and the ways a connection ends
// EPOLLET: an event per arrival, also behind unread bytes, and none without one.
void AskEdgeTriggered(Trial& trial);
// EPOLLRDHUP when the peer has finished sending.
void AskPeerFin(Trial& trial);
// After shutdown(SHUT_WR) the response still arrives, to its end.
void AskHalfClose(Trial& trial);
// A closed peer is end of stream, each time it is asked.
void AskEndOfStream(Trial& trial);
// close() with unread bytes resets the connection.
void AskResetOnUnread(Trial& trial);

// --- questions_blocking.cc: a thread that waits in recv()
// The send buffer was full and is drained while the thread waits for an early response.
void AskBlockingRecvEarly(Trial& trial);
// A blocking upload, then recv() for the response, as Python's requests does.
void AskBlockingRecvUpload(Trial& trial);
// The policy lets the socket go while the thread waits, and takes it back later.
void AskLeaveWhileBlocked(Trial& trial);

// --- questions_latency.cc: request and response without TCP_NODELAY
void AskLatency1K(Trial& trial);
void AskLatency40K(Trial& trial);
void AskLatency200K(Trial& trial);
// Head and body in two sends, held together by MSG_MORE or by TCP_CORK.
void AskLatencyMore(Trial& trial);
void AskLatencyCork(Trial& trial);

// --- questions_sending.cc: every byte arrives, once, in order
void AskPipelined(Trial& trial);
// The head of a request in two sends, cut at several places.
void AskSplitHead(Trial& trial);
void AskSendfile(Trial& trial);
// A request in a thousand pieces by writev().
void AskWritev(Trial& trial);
// A full send buffer: the counts that send() returns are right.
void AskPartialSends(Trial& trial);

// --- questions_echo.cc
// trial.echo_size bytes there and back at once.
void AskEcho(Trial& trial);

}  // namespace clew::selftest
