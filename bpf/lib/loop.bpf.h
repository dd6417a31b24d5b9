/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * libuv's loops (L3): for which request does a thread work that serves many at a time? docs/causality.md, "Event loops".
 *
 * A probe at the beginning of each kind of callback says that the thread works for nobody; a read that the callback then makes says
 * for whom it works.
 */
#ifndef CLEW_LOOP_H
#define CLEW_LOOP_H

#include "maps.bpf.h"

#define LOOP_UNSURE_NS (60 * 1000000000ULL) /* how long what is not known of makes everything doubtful */

enum reply_end {
	REPLY_AT_ONCE = 0, /* its end cannot be told: taken to be there with its beginning */
	REPLY_COUNTED, /* reply_left */
	REPLY_CHUNKED, /* a last chunk ends a read */
};

/* The requests of this process are counted in its loops. */
static __always_inline int counts_loops(__u32 proc_flags)
{
	return (proc_flags & (PROC_LOOP | PROC_NO_LOOP)) == PROC_LOOP;
}

/* ... and its callbacks are seen. */
static __always_inline int follows_loops(__u32 proc_flags)
{
	return counts_loops(proc_flags) && proc_flags & PROC_AWAKE;
}

/* The loop of this thread. What it did before its probes were taken away for a while says nothing about now. */
static __always_inline struct loop *current_loop(__u32 proc_flags)
{
	const __u32 tid = (__u32)bpf_get_current_pid_tgid();
	const __u8 generation = proc_flags >> PROC_GENERATION_SHIFT;
	struct loop *l = bpf_map_lookup_elem(&loops, &tid);

	if (l && l->generation != generation) {
		l->cur = 0;
		l->writable = 0;
		l->generation = generation;
	}
	return l;
}

/* The same, made if there is none. In a process that was running before, there may be requests that nobody has counted. */
static __always_inline struct loop *loop_of_thread(__u32 proc_flags)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid(), zero = 0;
	struct loop *l = current_loop(proc_flags), *empty;

	if (l)
		return l;
	empty = bpf_map_lookup_elem(&empty_loop, &zero);
	if (!empty)
		return 0;
	if (bpf_map_update_elem(&loops, &tid, empty, BPF_NOEXIST))
		count_drop(CLEW_DROP_THREAD_FULL);
	l = bpf_map_lookup_elem(&loops, &tid);
	if (!l)
		return 0;
	l->generation = proc_flags >> PROC_GENERATION_SHIFT;
	if (!(proc_flags & PROC_FROM_START))
		l->stranger_ns = bpf_ktime_get_ns();
	return l;
}

/* A callback of this thread's loop begins, `writable`: it is told that its socket takes bytes, or is connected. */
static __always_inline void loop_callback(__u32 proc_flags, __u8 writable)
{
	struct loop *l = loop_of_thread(proc_flags);

	if (!l)
		return;
	l->cur = 0;
	l->doubtful = 0;
	l->writable = writable;
}

/* The call on `c` is over: its reply has come, or never will. Any context. */
__noinline int call_end(struct conn *c)
{
	struct live *request;
	struct loop *l;
	__u64 owner;
	__u32 tid;

	if (!c || !c->call_open || !__sync_lock_test_and_set(&c->call_open, 0))
		return 0;
	owner = c->owner;
	request = bpf_map_lookup_elem(&live, &owner);
	if (!request || __sync_fetch_and_add(&request->calls, -1) != 1)
		return 0;
	tid = request->tid;
	l = bpf_map_lookup_elem(&loops, &tid);
	if (l)
		__sync_fetch_and_add(&l->busy, -1);
	return 0;
}

/*
 * A call on `c` begins for the request `owner`, 0: nobody; or, `doubtful`, for that one or another that waited. It counts for `owner` all
 * the same: as many requests have a call under way as if it were known whose it is, so that those that come later can be told apart again.
 */
static __always_inline void call_begin(struct conn *c, struct loop *l, __u64 owner, __u8 doubtful)
{
	struct live *request;
	__s32 before;

	call_end(c);
	c->owner = owner;
	c->doubtful = doubtful;
	request = owner ? bpf_map_lookup_elem(&live, &owner) : 0;
	if (!request || !c->tcp) /* the end of other sockets is not seen */
		return;
	before = __sync_fetch_and_add(&request->calls, 1);
	if (before >= LIVE_ENDED)
		return;
	c->call_open = 1;
	if (before)
		l->fan_out = 1;
	else
		__sync_fetch_and_add(&l->busy, 1);
}

/* A request was read on `c`. Only one that is alone on its connection can be told apart from then on, and of sockets that are not TCP's
 * the end is not seen. */
__noinline int loop_arrives(struct conn *c, __u32 proc_flags, int alone)
{
	struct loop *l = loop_of_thread(proc_flags);

	if (!c || !l)
		return 0;
	if (!alone || !c->tcp) {
		l->stranger_ns = bpf_ktime_get_ns();
		return 0;
	}
	c->on_loop = 1;
	c->live_tid = (__u32)bpf_get_current_pid_tgid();
	__sync_fetch_and_add(&l->live, 1);
	return 0;
}

/* The request of `c`, in `live` as `request` if it was ever put there and not evicted, is over. Any context. */
static __always_inline void loop_leave(struct conn *c, struct live *request)
{
	__u32 tid = c->live_tid;
	struct loop *l = bpf_map_lookup_elem(&loops, &tid);
	__s32 calls;

	c->on_loop = 0;
	if (!l)
		return;
	if (c->live_span && !request)
		l->stranger_ns = bpf_ktime_get_ns(); /* its calls may be counted still */
	calls = request ? __sync_fetch_and_or(&request->calls, LIVE_ENDED) : 0;
	if (calls > 0 && calls < LIVE_ENDED)
		__sync_fetch_and_add(&l->busy, -1);
	if (__sync_fetch_and_add(&l->live, -1) == 1)
		l->busy = 0; /* whatever two CPUs may have made of it */
}

static __always_inline int lately(__u64 when, __u64 now)
{
	return when && now - when < LOOP_UNSURE_NS;
}

/*
 * The callback has read from the connection of `span`, or, `by_reply`, the reply to its call. Such a moment may let another request go
 * on: a long poll ends, a pool, a lock or a queue moves on. That one has then been waiting without a call of its own; if there is none
 * such, the work is `span`'s. Behind a reply, a request that makes several calls at a time may wait with one of them and still have
 * another under way, so that nothing can be told by that; and background work may have waited.
 */
static __always_inline int nobody_waits(const struct loop *l, __u64 span, int by_reply)
{
	const struct live *request = bpf_map_lookup_elem(&live, &span);
	const __u64 now = bpf_ktime_get_ns();

	if (!request || lately(l->stranger_ns, now))
		return 0;
	if (by_reply && (lately(l->background_ns, now) || (l->fan_out && l->live > 1)))
		return 0;
	return l->live - l->busy <= (request->calls > 0 ? 0 : 1);
}

/* The request that the running callback works for, 0: none. `*unsure`: because another one might be it. */
static __always_inline __u64 loop_current(struct loop *l, __u8 *unsure)
{
	if (!l->cur || (!l->doubtful && nobody_waits(l, l->cur, l->by_reply)))
		return l->cur;
	*unsure = 1;
	count_stat(STAT_LOOP_UNSURE);
	return 0;
}

/* connect() on `c`: the call is made now, although its first byte leaves when the connection is there. */
static __always_inline void loop_connect(struct conn *c, __u32 proc_flags)
{
	struct loop *l = current_loop(proc_flags);

	if (!l)
		return;
	c->tcp = 1;
	c->fresh = 1;
	c->connect_span = loop_current(l, &c->connect_unsure);
	call_begin(c, l, l->cur, c->connect_unsure);
}

/* The request for which one is written on `c`: key in `live`, 0: none. c->call_unsure: because another one might be it. */
static __always_inline __u64 loop_parent(struct conn *c, __u32 proc_flags)
{
	const __u8 fresh = c->fresh;
	struct loop *l = current_loop(proc_flags);
	__u8 unsure = 0;
	__u64 span;

	if (!l)
		return 0;
	c->fresh = 0;
	l->counted = fresh ? c->owner : l->cur;
	if (!fresh) {
		span = loop_current(l, &unsure);
	} else if (!l->cur) { /* the callback of the connection that is there now; any other may have found it idle */
		span = l->writable ? c->connect_span : 0;
		unsure = c->connect_unsure || c->connect_span;
	} else {
		span = l->cur == c->connect_span ? l->cur : 0;
		unsure = !span;
	}
	if (!span && !unsure && l->live <= l->busy) /* nor may it be one that has no call under way */
		l->background_ns = bpf_ktime_get_ns();
	c->call_unsure = unsure;
	return span;
}

/* The request of `c` is answered by this thread: a contradiction if it was to work for another one, for then callbacks serve whom they
 * please here. */
static __always_inline void loop_answers(const struct conn *c, struct proc *proc)
{
	const struct loop *l = current_loop(proc->flags);

	if (l && l->cur && !l->doubtful && l->cur != c->live_span) {
		__sync_fetch_and_or(&proc->flags, PROC_NO_LOOP);
		count_stat(STAT_LOOP_DEMOTED);
	}
}

/* A request is written on `c` for `owner`, 0: nobody. */
static __always_inline void loop_call(struct conn *c, __u64 owner, __u32 proc_flags)
{
	struct loop *l = current_loop(proc_flags);

	if (l)
		call_begin(c, l, owner ? owner : l->counted, !owner);
}

/* Bytes of a server's or a client's connection were read, or its end. `over`: nothing more of the reply is to come. */
__noinline int loop_read(struct conn *c, int over, __u32 proc_flags)
{
	struct loop *l = current_loop(proc_flags);

	if (!c || !l)
		return 0;
	if (c->flags & CONN_SERVER) {
		if (c->rx.phase == PHASE_UNKNOWN)
			l->stranger_ns = bpf_ktime_get_ns(); /* another request may be among these bytes */
		l->cur = c->on_loop ? c->live_span : 0;
		l->by_reply = 0;
		l->doubtful = 0;
	} else {
		l->cur = c->awaits_reply || c->pipelined ? 0 : c->owner;
		l->by_reply = 1;
		l->doubtful = c->doubtful;
		if (over && !c->awaits_reply) {
			call_end(c);
			c->owner = 0;
		}
	}
	if (l->writable) /* the callback also tells of earlier writes: whose, is not known */
		l->cur = 0;
	return 0;
}

#endif
