/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Event loops: for which request does a thread work that serves many at a time? docs/causality.md, "Event loops".
 *
 * libuv (L3): a probe at the beginning of each kind of callback says that the thread works for nobody; a read that the callback then
 * makes says for whom it works. nginx (L1): a probe where an upstream call begins finds the request in nginx's own structures.
 */
#ifndef CLEW_LOOP_H
#define CLEW_LOOP_H

#include "maps.bpf.h"

#define LOOP_SETTLE_NS (2 * 1000000000ULL) /* requests that were under way before are not known */
#define LOOP_UNSURE_NS (60 * 1000000000ULL) /* how long a call for nobody makes continuations doubtful */

enum reply_end {
	REPLY_AT_ONCE = 0, /* its end cannot be told: taken to be there with its beginning */
	REPLY_COUNTED, /* reply_left */
	REPLY_CHUNKED, /* a last chunk ends a read */
};

static __always_inline int follows_loops(__u32 proc_flags)
{
	return (proc_flags & (PROC_LOOP | PROC_NO_LOOP)) == PROC_LOOP;
}

static __always_inline struct loop *current_loop(void)
{
	const __u32 tid = (__u32)bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&loops, &tid);
}

static __always_inline void loop_unsure(struct loop *l)
{
	l->unsure_ns = bpf_ktime_get_ns();
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

/* A call on `c` begins for the request `owner`, or for nobody. */
static __always_inline void call_begin(struct conn *c, struct loop *l, __u64 owner)
{
	struct live *request;
	__s32 before;

	call_end(c);
	c->owner = owner;
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

/* `conn`'s request, which is in `live` as `request` (NULL: evicted), is over. Any context. */
static __always_inline void loop_leave(struct conn *conn, struct live *request)
{
	__u32 tid = conn->live_tid;
	struct loop *l = bpf_map_lookup_elem(&loops, &tid);
	__s32 calls;

	conn->on_loop = 0;
	if (!l)
		return;
	calls = request ? __sync_fetch_and_or(&request->calls, LIVE_ENDED) : 0;
	if (!request)
		loop_unsure(l);
	if (calls > 0 && calls < LIVE_ENDED)
		__sync_fetch_and_add(&l->busy, -1);
	if (__sync_fetch_and_add(&l->live, -1) == 1)
		l->busy = 0; /* whatever two CPUs may have made of it */
}

/*
 * The callback reads a reply to `span`'s call. A pool, a lock or a queue may use the moment to let another request go on. That one has
 * then been waiting without a call of its own; if there is none such, the work goes on for `span`. A request that makes several calls
 * at a time may wait with one of them and still have another under way: then nothing can be told by that.
 */
static __always_inline int nobody_waits(const struct loop *l, __u64 span)
{
	const struct live *request = bpf_map_lookup_elem(&live, &span);
	const __u64 now = bpf_ktime_get_ns();

	if (!request || (l->since_ns && now - l->since_ns < LOOP_SETTLE_NS))
		return 0;
	if (l->unsure_ns && now - l->unsure_ns < LOOP_UNSURE_NS)
		return 0;
	if (l->fan_out && l->live > 1)
		return 0;
	return l->live - l->busy <= (request->calls > 0 ? 0 : 1);
}

/* The request that the running callback works for, 0: none. `*unsure`: because another one might be it. */
static __always_inline __u64 loop_current(struct loop *l, __u8 *unsure)
{
	if (!l->cur || !l->by_reply || nobody_waits(l, l->cur))
		return l->cur;
	*unsure = 1;
	count_stat(STAT_LOOP_UNSURE);
	return 0;
}

/* connect() on `c`: the call is made now, although its first byte leaves when the connection is there. */
static __always_inline void loop_connect(struct conn *c, __u32 proc_flags)
{
	struct loop *l;

	if (!(proc_flags & PROC_NGINX) && !follows_loops(proc_flags))
		return;
	l = current_loop();
	if (!l)
		return;
	c->tcp = 1;
	c->fresh = 1;
	if (proc_flags & PROC_NGINX) {
		c->connect_span = l->armed;
		l->armed = 0;
		return;
	}
	c->connect_span = loop_current(l, &c->connect_unsure);
	call_begin(c, l, c->connect_span);
}

/* The request for which one is written on `c`: key in `live`, 0: none. `*doubt`: because another one might be it. */
static __always_inline __u64 loop_parent(struct conn *c, __u32 proc_flags, __u8 *doubt)
{
	const __u8 fresh = c->fresh;
	struct loop *l = current_loop();
	__u8 unsure = 0;
	__u64 span;

	if (!l)
		return 0;
	c->fresh = 0;
	if (proc_flags & PROC_NGINX) {
		span = fresh ? c->connect_span : l->armed;
		l->armed = fresh ? l->armed : 0;
		return span;
	}
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
		loop_unsure(l);
	*doubt = unsure;
	return span;
}

/* A request is written on `c` for `owner`, 0: nobody. */
static __always_inline void loop_call(struct conn *c, __u64 owner)
{
	struct loop *l = current_loop();

	if (l)
		call_begin(c, l, owner);
}

/* Bytes of a server's or a client's connection were read, or its end. `over`: nothing more of the reply is to come. */
__noinline int loop_read(struct conn *c, int over)
{
	struct loop *l = current_loop();

	if (!c || !l)
		return 0;
	if (c->flags & CONN_SERVER) {
		if (c->rx.phase == PHASE_UNKNOWN)
			loop_unsure(l); /* another request may be among these bytes */
		l->cur = c->on_loop ? c->live_span : 0;
		l->by_reply = 0;
	} else {
		l->cur = c->awaits_reply || c->pipelined ? 0 : c->owner;
		l->by_reply = 1;
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
