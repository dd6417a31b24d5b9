/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The records that the kernel side writes into the ring buffer: the only header that both sides include.
 *
 * Rules: fixed-width types, explicit padding, sizes asserted below and against BTF in a test. All integers are in the
 * machine's byte order, ids and addresses in network order. Times are CLOCK_MONOTONIC nanoseconds.
 */
#ifndef CLEW_EVENT_H
#define CLEW_EVENT_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* Written into --record files; a reader refuses a higher number. 2: clew_data_event.seq and clew_context.none, 0 before. */
#define CLEW_EVENT_VERSION 2

enum clew_event_type {
	CLEW_EVENT_CONN_OPEN = 1, /* clew_conn_event: first sight of a socket, before its first other record */
	CLEW_EVENT_CONN_CLOSE = 2, /* clew_event_header only: the socket is gone */
	CLEW_EVENT_DATA = 3, /* clew_data_event: bytes moved, with a copy of their beginning */
	CLEW_EVENT_BYTES = 4, /* clew_bytes_event: bytes moved inside a message, no copy but of both ends */
	CLEW_EVENT_EOF = 5, /* clew_event_header only: a read returned 0, or the direction was shut down */
	CLEW_EVENT_PROC = 6, /* clew_proc_event */
	CLEW_EVENT_REENTER = 7, /* clew_event_header only: may go back under injection; for the loader, never recorded */
	CLEW_EVENT_HANDBACK = 8, /* clew_handback_event */
};

enum clew_direction {
	CLEW_INGRESS = 0, /* read from the socket */
	CLEW_EGRESS = 1, /* written to the socket */
};

struct clew_event_header {
	__u64 ts_ns;
	__u64 conn; /* socket instance: never reused while the machine is up; 0 in process records */
	__u32 tgid; /* process and thread that made the call, in the initial pid namespace */
	__u32 tid;
	__u8 type; /* enum clew_event_type */
	__u8 direction; /* enum clew_direction, for DATA, BYTES and EOF */
	__u16 pad;
	__s32 fd; /* descriptor that the call used, -1: not known */
};

/* CLEW_EVENT_CONN_OPEN */
enum clew_conn_role {
	CLEW_ROLE_UNKNOWN = 0, /* opened before the agent started, or not TCP */
	CLEW_ROLE_ACTIVE = 1, /* this side called connect() */
	CLEW_ROLE_PASSIVE = 2, /* this side accepted */
};
struct clew_conn_event {
	struct clew_event_header h;
	__u16 family; /* AF_INET, AF_INET6, AF_UNIX */
	__u8 role; /* enum clew_conn_role */
	__u8 pad;
	__u16 local_port; /* host order; 0 for AF_UNIX */
	__u16 remote_port;
	__u8 local_addr[16]; /* IPv4 in the first 4 bytes */
	__u8 remote_addr[16];
	__u32 netns; /* inode of the network namespace */
	__u32 inode; /* of the socket, as in /proc/PID/fd: socket:[inode] */
};

/* How the context of a request was found or made: clew_context.origin */
enum clew_origin {
	CLEW_ORIGIN_NONE = 0, /* not a request, or its head was not seen by the kernel side: decide in user space */
	CLEW_ORIGIN_NEW = 1, /* a new trace begins here */
	CLEW_ORIGIN_TRACEPARENT = 2, /* ingress: the peer's traceparent */
	CLEW_ORIGIN_B3 = 3, /* ingress: B3 single or multi header */
	CLEW_ORIGIN_PARENT = 4, /* egress: child of a request that this process is serving, see link */
	CLEW_ORIGIN_ADOPTED = 5, /* egress: the application's own SDK set the header; emit no client span */
	CLEW_ORIGIN_OPTION = 6, /* ingress: a TCP option of the peer's agent */
};
/* The evidence that linked an outgoing request to its parent: clew_context.link. Layers as in docs/causality.md. */
enum clew_link {
	CLEW_LINK_NONE = 0,
	CLEW_LINK_PAYLOAD = 1, /* L0: the traceparent of exactly one live inbound request is in the outgoing one */
	CLEW_LINK_THREAD = 2, /* L2: the thread that read the request, still unanswered */
	CLEW_LINK_CONTINUATION = 3, /* L3: the loop thread works for the request, as its last read says */
	CLEW_LINK_CLONE = 4, /* L4: a thread or process that the serving thread started */
	CLEW_LINK_RUNTIME = 7, /* L1: the runtime's own objects name the request */
};
/* Why an outgoing request has no parent: clew_context.none. */
enum clew_none {
	CLEW_NONE_UNKNOWN = 0, /* it has one, or the kernel side did not decide */
	CLEW_NONE_NO_EVIDENCE = 1, /* nothing says for whom this thread works */
	CLEW_NONE_ANSWERED = 2, /* the request that it worked for was answered before, or is too old */
	CLEW_NONE_DISAGREED = 3, /* two layers named different requests */
	CLEW_NONE_DEMOTED = 4, /* the evidence contradicted itself in this process before */
	CLEW_NONE_UNSURE = 5, /* on an event loop: it might be another request's, which waited for its turn */
	CLEW_NONE_LOOP = 6, /* on an event loop: the callback works for no request that is known */
	CLEW_NONE_MAX = 7,
};
/* What injection did with an outgoing request: clew_context.inject; also the index of its counters. */
enum clew_inject {
	CLEW_INJECT_NONE = 0, /* socket not in the map: not under injection */
	CLEW_INJECT_INSERTED = 1,
	CLEW_INJECT_REWRITTEN = 2, /* a forwarded header got our span as its parent id */
	CLEW_INJECT_ADOPTED = 3, /* the application's own header was left alone */
	CLEW_INJECT_SKIP_SPLIT_HEAD = 4, /* the head came in pieces */
	CLEW_INJECT_SKIP_LARGE_HEAD = 5, /* no end of the head in the part that is examined */
	CLEW_INJECT_SKIP_NO_ROOM = 6, /* the send buffer might not have taken it whole */
	CLEW_INJECT_SKIP_HELPER = 7, /* the kernel refused an insertion; the message went out untouched */
	CLEW_INJECT_SKIP_UNSURE = 8, /* not certain that a message begins here */
	CLEW_INJECT_SKIP_BUSY = 9, /* another message was being examined on this CPU */
	CLEW_INJECT_OPTION = 10, /* no header: the context leaves in a TCP option */
	CLEW_INJECT_SKIP_OPTION_ROOM = 11, /* no header; the segment had no room for the option either */
	CLEW_INJECT_SKIP_OPTION_PLACE = 12, /* no header; the request did not begin with a segment of its own */
	CLEW_INJECT_MAX = 13,
};

/* The trace context of a request, as the kernel side decided it. User space gives the span exactly these ids. */
struct clew_context {
	__u8 trace_id[16];
	__u8 span_id[8]; /* of the span of this very request: SERVER on ingress, CLIENT on egress */
	__u8 parent_id[8]; /* all-zero: a root */
	__u8 trace_flags; /* W3C: bit 0 sampled */
	__u8 origin; /* enum clew_origin */
	__u8 link; /* enum clew_link */
	__u8 inject; /* enum clew_inject */
	__u8 none; /* enum clew_none */
	__u8 awaits_handback; /* egress, without a parent: a clew_handback_event may name one later */
	__u8 pad[2];
};

/* clew_data_event.flags */
#define CLEW_DATA_REQUEST 1 /* the kernel side takes the first byte for the start of a request; ctx is valid */
#define CLEW_DATA_RESPONSE 2 /* ... of a response */
#define CLEW_DATA_TRUNCATED 4 /* captured < size */
#define CLEW_DATA_CONTEXT 8 /* ctx is valid although the request began in an earlier record (its head was split) */

/*
 * CLEW_EVENT_DATA. `data` holds the first `captured` of the `size` bytes that the call moved.
 * `offset` is the stream offset of data[0] in its direction, counted from the first byte that the kernel side saw of this
 * socket, inserted headers not counted. offset greater than the end of the record before: bytes in between were not seen.
 */
struct clew_data_event {
	struct clew_event_header h;
	__u64 offset;
	__u32 size;
	__u16 captured;
	__u16 flags;
	struct clew_context ctx;
	__u8 last[8]; /* with CLEW_DATA_TRUNCATED: the call's last `last_len` bytes, for the chunked coding */
	__u8 last_len;
	__u8 pad[3];
	__u32 seq; /* TCP sequence number of data[0] on the wire, inserted headers counted; 0: not known */
	__u8 data[]; /* exactly `captured` bytes */
};
#define CLEW_DATA_MAX 4000 /* largest `captured` of one record */
#define CLEW_HEAD_MAX 65536 /* a head longer than this is given up */

/* CLEW_EVENT_BYTES: `size` bytes at `offset`; the first and last of them, for the chunked coding. */
struct clew_bytes_event {
	struct clew_event_header h;
	__u64 offset;
	__u32 size;
	__u8 first_len; /* valid bytes in first; 0 for sendfile and splice */
	__u8 last_len;
	__u16 pad;
	__u8 first[16];
	__u8 last[8];
};

/* CLEW_EVENT_PROC */
enum clew_proc_what {
	CLEW_PROC_SEEN = 1, /* first sight of a traced process */
	CLEW_PROC_FORK = 2, /* h.tgid is the child, parent_tgid the parent */
	CLEW_PROC_EXEC = 3,
	CLEW_PROC_EXIT = 4, /* the last thread is gone */
	CLEW_PROC_IO_URING = 5, /* it set up an io_uring: its socket traffic may not be seen */
	CLEW_PROC_CALLS = 6, /* it makes a call of its own: probes in its runtime are worth their cost now */
	CLEW_PROC_POOLS = 7, /* a thread that serves nobody makes calls, while others serve requests: its wake-ups are worth a look */
};
struct clew_proc_event {
	struct clew_event_header h;
	__u64 start_ns; /* task start (CLOCK_BOOTTIME ns), makes the pid unique */
	__u32 parent_tgid;
	__u8 what; /* enum clew_proc_what */
	__u8 pad[3];
	__u8 comm[16];
};

/* CLEW_EVENT_HANDBACK: what is known of the parent of a call that left with awaits_handback. Written by the thread that made the call. */
enum clew_handback_verdict {
	CLEW_HANDBACK_LIKELY = 1, /* it is the request named here, unless NOBODY follows before the thread's next call */
	CLEW_HANDBACK_SURE = 2, /* the thread makes its next call: what was likely stands */
	CLEW_HANDBACK_NOBODY = 3, /* there is no evidence, or there are two requests */
};
struct clew_handback_event {
	struct clew_event_header h;
	__u8 span_id[8]; /* of the call */
	__u8 trace_id[16]; /* LIKELY: of the request; else zero */
	__u8 parent_id[8]; /* LIKELY: the request's span; else zero */
	__u8 verdict; /* enum clew_handback_verdict */
	__u8 pad[7];
};

/* Why bytes or records were lost: index of the counter array `drops`. */
enum clew_drop {
	CLEW_DROP_RING_FULL = 0, /* no room for a record */
	CLEW_DROP_USER_FAULT = 1, /* the buffer could not be read */
	CLEW_DROP_CONN_FULL = 2, /* no room for the state of a socket */
	CLEW_DROP_LIVE_FULL = 3, /* too many requests in flight for the context table */
	CLEW_DROP_UNKNOWN_CALL = 4, /* bytes moved by a system call whose buffers are not understood: lengths only */
	CLEW_DROP_PROC_FULL = 5,
	CLEW_DROP_THREAD_FULL = 6,
	CLEW_DROP_HEAD_TOO_LONG = 7,
	CLEW_DROP_MAX = 8,
};

#define CLEW_ASSERT_SIZE(type, bytes) _Static_assert(sizeof(struct type) == (bytes), #type)
#ifdef __cplusplus
#undef CLEW_ASSERT_SIZE
#define CLEW_ASSERT_SIZE(type, bytes) static_assert(sizeof(struct type) == (bytes), #type)
#endif
CLEW_ASSERT_SIZE(clew_event_header, 32);
CLEW_ASSERT_SIZE(clew_conn_event, 80);
CLEW_ASSERT_SIZE(clew_context, 40);
CLEW_ASSERT_SIZE(clew_data_event, 104);
CLEW_ASSERT_SIZE(clew_bytes_event, 72);
CLEW_ASSERT_SIZE(clew_proc_event, 64);
CLEW_ASSERT_SIZE(clew_handback_event, 72);

#endif
