/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The settings and maps of the kernel side: what they hold, who writes them, how large they get. Those of runtimes: evidence_maps.bpf.h. */
#ifndef CLEW_MAPS_H
#define CLEW_MAPS_H

#include "include/kernel.h"

#include <bpf/bpf_helpers.h>

#include "evidence_maps.bpf.h"
#include "include/event.h"
#include "lib/head.bpf.h"
#include "lib/option.h"

/* Settings, frozen at load; the verifier drops the branches that they exclude. */
const volatile __u32 cfg_cgroups = 0; /* valid entries of `cgroups` */
const volatile __u32 cfg_new_proc_flags = 0; /* flags of a process first seen by a cgroup selector */
const volatile __u32 cfg_conn_storage = 1; /* 1: conn_storage, 0: conn_hash (system-call back end) */
const volatile __u64 cfg_sample_limit = ~0ULL; /* a new trace is sampled if its id's last 8 bytes are <= this */
const volatile __u64 cfg_live_max_ns = 900ULL * 1000000000; /* an older request is no parent */
const volatile __u32 cfg_self_tgid = 0; /* the agent: never traced */
const volatile __u32 cfg_started_threads = 0; /* a thread or goroutine that was started for a request is evidence, as a process is */
const volatile __u32 cfg_handback = 0; /* processes in which pools work for requests are to be told of */
const volatile __u32 cfg_wake_bytes = 1 << 20; /* ring fill mark above which the reader is woken */

/* The process that may prepare sockets for adoption: the agent, during the self-test its child. */
volatile __u32 adopter_tgid = 0;
volatile __u32 self_test_tgid = 0; /* whose sockets are the self-test's; 0: none runs */
/* Set when a thread first inherits a request: before, context switches need no look. */
volatile __u32 clones_made = 0;
/* 1: the hooks are attached that see who waits for whom. */
volatile __u32 handback_on = 0;
/* What a process may do with injection before user space has looked at it: a command line tool connects within a millisecond of
 * its start. Set when the self-test has passed. */
volatile __u32 new_proc_inject = 0;
/* 1: contexts go into TCP options and are taken from them. Set while the self-test runs, and for good when it has passed. */
volatile __u32 option_on = 0;

/* procs.flags, written by user space but for the ones marked k */
#define PROC_TRACED 1
#define PROC_INJECT 2 /* its client sockets may live in the SOCKHASH */
#define PROC_UNTIL_ACK 4 /* ... until the first request is acknowledged (it uses FIONREAD) */
#define PROC_CPYTHON 8 /* short timed waits are its interpreter lock */
#define PROC_FIONREAD 32 /* k: seen to ask for it, while it was watched */
#define PROC_DECIDED 64 /* user space has looked at it, and adopted the connections it had */
#define PROC_NO_THREAD 16 /* k: thread evidence contradicted itself here; L2 and L4 are off */
#define PROC_NGINX 128 /* nginx, probed: each upstream call names its request (L1) */
#define PROC_LOOP 256 /* libuv: the requests of its loops are counted; with PROC_AWAKE, every callback is seen to begin (L3) */
#define PROC_NO_LOOP 512 /* k: L3 contradicted itself here, or work passes that the probes do not see */
#define PROC_ASYNCIO 0x10000 /* CPython's asyncio, probed: the running task is known (L1) */
#define PROC_EXECUTOR 0x20000 /* CPython's thread pools, probed: so is what their workers get (L1) */
#define PROC_NO_TASK 0x40000 /* k: the tasks of asyncio contradicted themselves here */
#define PROC_GO 0x80000 /* Go, probed: goroutines and net/http name the request (L1) */
#define PROC_NO_GO 0x100000 /* k: its goroutines contradicted themselves */
#define PROC_JAVA 0x8000 /* Java: the layout of its virtual machine is known (L1) */
#define PROC_NO_JAVA 0x800000 /* k: its virtual threads contradicted themselves */
#define PROC_SERVES 0x2000 /* k: a thread of it has read a request and can do nothing else meanwhile */
#define PROC_JVM 0x4000 /* its threads wait for monitors by a condition, too */
#define PROC_HANDBACK 0x200000 /* k: pools work for its requests: who wakes whom is evidence (L5) */
#define PROC_NO_HANDBACK 0x400000 /* k: that contradicted itself here */
#define PROC_FROM_START 1024 /* k: no request of it was read before it was known what it is */
#define PROC_QUIET 2048 /* k: no call was made since user space set this; probes may wait for one */
#define PROC_AWAKE 4096 /* its runtime's probes are attached, those that wait for a call */
#define PROC_GENERATION_SHIFT 24 /* the highest byte: how often it woke up */
/* What a forked child, or another program, finds out by itself; its own probes are user space's to attach. */
#define PROC_ITS_OWN                                                                                                              \
	(PROC_NO_THREAD | PROC_NGINX | PROC_LOOP | PROC_NO_LOOP | PROC_FROM_START | PROC_QUIET | PROC_AWAKE |                     \
	 PROC_ASYNCIO | PROC_EXECUTOR | PROC_NO_TASK | PROC_GO | PROC_NO_GO | PROC_JAVA | PROC_NO_JAVA | PROC_SERVES | PROC_HANDBACK |    \
	 PROC_NO_HANDBACK | 0xffU << PROC_GENERATION_SHIFT)
struct proc {
	__u32 flags;
	__u32 calls; /* k: socket calls so far */
};
static __always_inline void clear_proc_flags(struct proc *p, __u32 flags)
{
	if (p->flags & flags)
		__sync_fetch_and_and(&p->flags, ~flags);
}
/* tgid -> proc. Selected processes and, without PROC_TRACED, excluded ones. Written by user space, by the cgroup check at first
 * sight, and by fork. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__type(key, __u32);
	__type(value, struct proc);
} procs SEC(".maps");

#define MAX_CGROUPS 8
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, MAX_CGROUPS);
	__type(key, __u32);
	__type(value, __u32);
} cgroups SEC(".maps");

/* Ports that are never HTTP (databases, brokers): no injection there. Written by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u16);
	__type(value, __u8);
} skip_ports SEC(".maps");

enum phase {
	PHASE_START = 0, /* between messages */
	PHASE_HEAD = 1, /* inside a request head */
	PHASE_BODY = 2, /* body_left bytes of a body follow */
	PHASE_OPAQUE = 3, /* inside a message whose end only user space knows */
	PHASE_UNKNOWN = 4, /* first seen in the middle, or lost */
	PHASE_REPLY_HEAD = 5, /* inside a response head, at the start of a line */
	PHASE_REPLY_LINE = 6, /* ... inside a line */
	PHASE_REPLY_CR = 7, /* ... after the CR of what may be the blank line */
};
struct half {
	__u64 offset; /* stream offset of the next byte */
	__u64 body_left;
	__u32 seq; /* TCP sequence number of the next byte */
	__u8 seq_valid;
	__u8 phase;
	__u8 pad[2];
};

/* conn.flags */
#define CONN_IGNORE 1 /* not HTTP: look no further */
#define CONN_SERVER 2 /* requests come in */
#define CONN_CLIENT 4 /* requests go out */
#define CONN_FROM_START 8 /* seen since before its first byte */
#define CONN_OPENED 16 /* its open record was written */
#define CONN_ACTIVE 32 /* this side connected */
#define CONN_IN_MAP 64 /* put into the SOCKHASH */
#define CONN_EVICTED 128 /* taken out while a large body is written; may come back */
#define CONN_LEAVE 256 /* take out at the next callback: not HTTP */
#define CONN_UNTIL_ACK 512 /* belongs to a process that uses FIONREAD */
#define CONN_SELFTEST 1024 /* the agent's own pair: injected although nothing selects it, no records */
#define CONN_WANTED 8192 /* to be put into the SOCKHASH when it is established */
#define CONN_TUNNEL 4096 /* the last request was CONNECT */
#define CONN_OUT_READY 2048 /* `out` holds the context of a request whose send has not been reported yet */
#define CONN_OPTION 16384 /* its segments may carry the TCP option */

enum inject_phase {
	INJECT_START = 0, /* a request begins with the next byte */
	INJECT_BODY, /* ... at next_seq */
	INJECT_CHUNKED, /* ... once a last chunk was sent and a reply byte read */
	INJECT_WAIT_REPLY, /* position lost: ... once a reply byte was read and a message looks like one */
	INJECT_ADOPTED, /* put into the map in the middle of something */
	INJECT_OFF, /* not HTTP */
};

enum option_state {
	OPTION_NONE = 0, /* nothing to be sent */
	OPTION_ARMED, /* with the segment that begins at option_seq: the context `out` */
	OPTION_SENT, /* it was sent, and is sent again if the segment is lost */
	OPTION_PROBE, /* the agent's own pair: with every segment that has data */
};

/* State of one socket. The receiving and the sending half are each changed by the thread in that call only. */
struct conn {
	__u64 id; /* inode number and low bits of the socket's address: not reused */
	__u32 flags;
	__u32 unknown; /* messages seen without recognising one */
	struct half rx, tx;
	struct head head; /* of the direction in which requests flow */
	/* Server side: the request that was read last. */
	__u64 live_span; /* key in `live`; 0: answered, or nothing could ever name it as a parent */
	__u32 live_tid;
	__u32 unanswered; /* no byte of a final response has been written */
	/* Client side: the request that was written last. */
	struct clew_context out;
	__u32 out_skip; /* enum clew_inject: why injection left the next reported request alone */
	__u32 inserted; /* bytes that we added to the stream so far */
	__u32 inserted_before; /* ... up to the end of the last call that wrote */
	/* Injection */
	__u32 inject_phase; /* enum inject_phase */
	__u32 next_seq; /* sequence number at which the next request begins */
	__u32 reply_seq; /* copied_seq when the request was sent: a reply byte was read once it moved */
	__u32 requests;
	__u8 big; /* the body of this request may fill the send buffer */
	__u8 last_chunk; /* the bytes before ended like a last chunk */
	__u8 awaits_reply; /* a request was written, the reply to it has not begun */
	__u8 tcp;
	__s32 fd; /* descriptor that the last call used */
	/* Runtimes (lib/runtime.bpf.h). Server side: */
	__u8 on_loop; /* its unanswered request is counted in the loop of live_tid */
	/* Client side: */
	__u8 fresh; /* connect() was seen, no request yet */
	__u8 connect_unsure; /* ... and it was not certain for whom */
	__u8 pipelined; /* either side: a request began before the reply to the last had; messages may begin anywhere in a call */
	__u8 head_request; /* the last request was HEAD: no body follows, whatever the reply says */
	__u8 reply_end; /* enum reply_end */
	/* TCP option (lib/option.bpf.h), client side: */
	__u8 option; /* enum option_state */
	__u8 option_room; /* segments are being cut so that each has room for it */
	__u32 call_open; /* counted in live.calls of `owner` */
	__u32 option_seq; /* sequence number of the request's first byte */
	__u32 pad3;
	__u64 connect_span; /* the request that connect() was called for; 0: none */
	__u64 owner; /* the request that the last call was made for; 0: none, or its reply has been read */
	__u64 reply_left; /* REPLY_COUNTED: bytes of the reply to come */
	/* TCP option, server side: with these it is found */
	__u64 sk; /* address of the socket */
	__u32 head_seq; /* sequence number of the first byte of the request in `head` */
	__u8 doubtful; /* client side: `owner` is the likely one: it counts as busy, but is nobody's parent by it */
	__u8 call_unsure; /* client side, on a loop: the last call may be another request's than the one that seems to run */
	__u8 pad2[2];
};
/* Both directions and the network's own context change flags at the same time. */
static __always_inline void set_flags(struct conn *c, __u32 flags)
{
	if ((c->flags & flags) != flags)
		__sync_fetch_and_or(&c->flags, flags);
}
static __always_inline void clear_flags(struct conn *c, __u32 flags)
{
	if (c->flags & flags)
		__sync_fetch_and_and(&c->flags, ~flags);
}

/* The state of each traced socket: freed with the socket. Socket back end. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct conn);
} conn_storage SEC(".maps");
/* The same by the socket's address, for programs that get no typed socket (system-call back end). */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, __u64);
	__type(value, struct conn);
} conn_hash SEC(".maps");

/* A request that was read and not answered: may be a parent. Written by capture, key: its span id. */
struct live {
	__u8 trace_id[16];
	__u64 since_ns;
	__u64 conn;
	__u32 tgid;
	__u32 tid;
	__u8 trace_flags;
	__u8 has_state; /* `states` holds its tracestate */
	__u8 family; /* `go_families` holds goroutines that were started for it */
	__u8 pad;
	__s32 calls; /* under way for it, on an event loop; LIVE_ENDED: too late to count */
	__u64 inbound; /* key in `inbound`, 0: it came without a traceparent */
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct live);
} live SEC(".maps");
#define LIVE_ENDED (1 << 30)

/* Thread -> the request that it serves. Written by capture (L2) and fork (L4), deleted at the thread's exit. */
struct serving {
	__u64 span; /* key in `live` */
	__u8 link; /* CLEW_LINK_THREAD, CLEW_LINK_CLONE, or CLEW_LINK_RUNTIME: a pool's worker */
	__u8 depth; /* clones between the serving thread and this one */
	__u8 pad[6];
};
#define MAX_CLONE_DEPTH 8
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct serving);
} threads SEC(".maps");

/* L0: hash of (tgid, trace id, parent id) of a live inbound request -> its span. Two of them are no evidence. */
struct inbound {
	__u64 span;
	__u32 count;
	__u32 pad;
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct inbound);
} inbound SEC(".maps");

/* The tracestate of a live request, to be sent along. Key: its span id. */
#define STATE_MAX 512
struct tracestate {
	__u32 len;
	char text[STATE_MAX];
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct tracestate);
} states SEC(".maps");

/* Networks to which TCP options are sent and from which they are taken. Written by user space. */
struct network {
	__u32 prefix; /* bits; an IPv4 address is ::ffff:a.b.c.d */
	__u8 address[16];
};
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 256);
	__type(key, struct network);
	__type(value, __u8);
} option_networks SEC(".maps");

/* Contexts that came in TCP options, until the request that they are for has been read. Written by the network's own context,
 * deleted by capture; who floods it makes others lose theirs and no more. */
struct option_key {
	__u64 sk; /* address of the socket */
	__u32 seq; /* of the segment's first byte */
	__u32 pad;
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct option_key);
	__type(value, struct option_value);
} options SEC(".maps");

/* The last option that a socket received. A packet that is cut into segments carries it on each of them. */
struct last_option {
	__u64 span;
	__u32 seq;
	__u32 pad;
};
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct last_option);
} last_options SEC(".maps");

/* Client sockets under injection. Written by sock_ops and by user space (connections that were open before). */
struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, __u64);
} sockets SEC(".maps");

/*
 * Working memory of one program on one CPU. Tracing programs do not run twice at a time on a CPU (the kernel's recursion
 * guard), so each has a slot; `busy` guards the sk_msg slot, which has no such guard.
 */
struct scratch {
	struct clew_data_event event; /* directly before `data`: both leave as one record */
	union {
		struct view data; /* the bytes just read */
		char data_room[2 * VIEW]; /* a copy of <= VIEW bytes that begins in `data` may end here */
	};
	union {
		struct view view; /* a carried line and the bytes that continue it */
		char view_room[2 * VIEW + VIEW_PAD];
	};
	struct head head;
	struct tracestate state;
	__u32 busy;
	__u32 pad;
};
enum scratch_slot { SCRATCH_RECV = 0, SCRATCH_SEND = 1, SCRATCH_MSG = 2, SCRATCH_OPTION = 3, SCRATCH_MAX };
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCH_MAX);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* Zero-initialised state of a new socket: too large for the stack. Read only. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct conn);
} empty_conn SEC(".maps");

/* recvmmsg/sendmmsg in the socket back end: which message of the call comes next. */
struct mmsg_at {
	__u64 vec;
	__u32 index;
	__u32 pad;
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct mmsg_at);
} mmsg_at SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20); /* set at load */
} events SEC(".maps");

/* Counters, summed over CPUs by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CLEW_DROP_MAX);
	__type(key, __u32);
	__type(value, __u64);
} drops SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CLEW_INJECT_MAX);
	__type(key, __u32);
	__type(value, __u64);
} injects SEC(".maps");
enum stat {
	STAT_CALLS, /* socket calls of traced processes */
	STAT_COPIED, /* payload bytes copied from traced processes */
	STAT_ENTERED, /* sockets put into the SOCKHASH */
	STAT_LEFT_NOT_HTTP,
	STAT_LEFT_ACKED,
	STAT_LEFT_LARGE,
	STAT_ENTER_FAILED,
	STAT_SELFTEST_INSERTED,
	STAT_DEMOTED, /* processes whose thread evidence was contradicted */
	STAT_CLONE_EXPIRED,
	STAT_DISAGREE, /* two layers named different parents */
	STAT_LOOP_DEMOTED, /* processes whose event loops contradicted the evidence of continuation */
	STAT_LOOP_UNSURE, /* calls on an event loop that might have been another request's that waited for its turn */
	STAT_OPTION_RECEIVED, /* contexts that came in TCP options */
	STAT_OPTION_TAKEN, /* ... and became that of a request */
	STAT_OPTION_DIFFERED, /* ... and were of another trace than the request's header, which stands */
	STAT_SELFTEST_OPTIONS, /* written by the self-test's own pairs */
	STAT_TASK_DEMOTED, /* processes whose asyncio tasks answered another request than the one they worked for */
	STAT_GO_DEMOTED, /* processes whose goroutines contradicted the evidence */
	STAT_JAVA_DEMOTED, /* processes whose virtual threads contradicted the evidence */
	STAT_HANDBACK_DEMOTED, /* processes whose threads woke others than those that they were known to work for */
	STAT_MAX
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STAT_MAX);
	__type(key, __u32);
	__type(value, __u64);
} stats SEC(".maps");

static __always_inline void count_in(void *map, __u32 key, __u64 n)
{
	__u64 *v = bpf_map_lookup_elem(map, &key);

	if (v)
		*v += n;
}
#define count_drop(reason) count_in(&drops, (reason), 1)
#define count_stat(what) count_in(&stats, (what), 1)

#endif
