/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * L5: whose call did a pool's worker make? It hands the result back to the thread that waits for it, and that is seen. The call has left
 * by then, so user space is told afterwards. docs/causality.md, "Pools".
 *
 *   thread A   reads R ── gives B work ── waits ................................ woken by B, before B's next call
 *   thread B                   └─ woken ── writes call O ── reads its reply ─────┘  O belongs to R
 */
#ifndef CLEW_HANDBACK_H
#define CLEW_HANDBACK_H

#include "context.bpf.h"
#include "futex.bpf.h"

static __always_inline int follows_handback(__u32 proc_flags)
{
	return handback_on && (proc_flags & (PROC_HANDBACK | PROC_NO_HANDBACK | PROC_NO_THREAD)) == PROC_HANDBACK;
}

static __always_inline struct worker *worker_of(__u32 tid, int create)
{
	struct worker *w = bpf_map_lookup_elem(&workers, &tid);
	__u32 zero = 0;

	if (w || !create)
		return w;
	w = bpf_map_lookup_elem(&empty_worker, &zero);
	if (!w || bpf_map_update_elem(&workers, &tid, w, BPF_NOEXIST))
		count_drop(CLEW_DROP_THREAD_FULL);
	return bpf_map_lookup_elem(&workers, &tid);
}

/* The request that thread `tid` has read and not answered, and its key; NULL: none. */
static __always_inline struct live *served_by(__u32 tid, __u64 *span)
{
	const struct serving *s = bpf_map_lookup_elem(&threads, &tid);

	if (!s || s->link != CLEW_LINK_THREAD)
		return 0;
	*span = s->span;
	return bpf_map_lookup_elem(&live, span);
}

/* Tells user space what is known of the worker's call. `request`: with LIKELY, the one that it belongs to; else NULL. */
static __always_inline void emit_handback(const struct worker *w, const struct live *request, __u8 verdict)
{
	struct clew_handback_event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		count_drop(CLEW_DROP_RING_FULL);
		return;
	}
	__builtin_memset(e, 0, sizeof(*e));
	fill_header(&e->h, CLEW_EVENT_HANDBACK, w->conn);
	__builtin_memcpy(e->span_id, &w->call, 8);
	if (request) {
		__builtin_memcpy(e->trace_id, request->trace_id, 16);
		__builtin_memcpy(e->parent_id, &w->woken, 8);
	}
	e->verdict = verdict;
	bpf_ringbuf_submit(e, wake_flags());
}

/* Would the rule name a wrong request for a call whose parent is known? Then threads here wake others for other reasons. */
static __always_inline void handback_check(const struct worker *w)
{
	const __u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct proc *p;

	if (!w->parent || !w->woken || w->spoiled || w->woken == w->parent)
		return;
	p = bpf_map_lookup_elem(&procs, &tgid);
	if (p && !(p->flags & PROC_NO_HANDBACK)) {
		__sync_fetch_and_or(&p->flags, PROC_NO_HANDBACK);
		count_stat(STAT_HANDBACK_DEMOTED);
	}
}

/* This thread has made the call that `ctx` is of: what it did before is decided. A function by itself, so that its stack is free again
 * behind it. */
__noinline int next_call(const struct conn *c, struct clew_context *ctx)
{
	struct worker *w = worker_of((__u32)bpf_get_current_pid_tgid(), 1);

	if (!c || !ctx || !w)
		return 0;
	if (w->awaits)
		emit_handback(w, 0, w->told ? CLEW_HANDBACK_SURE : CLEW_HANDBACK_NOBODY);
	handback_check(w);
	if (w->call && !w->replied_ns)
		w->mixed = 1;
	w->call = id_key(ctx->span_id);
	w->conn = c->id;
	w->parent = ctx->origin == CLEW_ORIGIN_PARENT ? id_key(ctx->parent_id) : 0;
	w->called_ns = bpf_ktime_get_ns();
	w->replied_ns = 0;
	w->woken = 0;
	w->told = 0;
	w->spoiled = 0;
	w->awaits = ctx->origin == CLEW_ORIGIN_NEW && ctx->trace_flags & 1 && w->fed && !w->mixed;
	ctx->awaits_handback = w->awaits;
	return 0;
}

/* A call was written on `c` by this thread, and has got the context `ctx`. */
static __always_inline void handback_call(const struct conn *c, struct proc *proc, struct clew_context *ctx)
{
	const __u32 tid = (__u32)bpf_get_current_pid_tgid();

	if (follows_handback(proc->flags)) {
		next_call(c, ctx);
		return;
	}
	/* The first call of a thread that serves nobody, in a process whose threads serve requests. */
	if (!cfg_handback || (proc->flags & (PROC_SERVES | PROC_HANDBACK | PROC_NO_THREAD)) != PROC_SERVES ||
	    runtime_decides(proc->flags) || ctx->origin != CLEW_ORIGIN_NEW || bpf_map_lookup_elem(&threads, &tid))
		return;
	if (!emit_proc((void *)bpf_get_current_task(), bpf_get_current_pid_tgid() >> 32, 0, CLEW_PROC_POOLS))
		__sync_fetch_and_or(&proc->flags, PROC_HANDBACK);
}

/* This thread reads the beginning of the reply to the last request on `c`. A function by itself for its stack, as above. */
__noinline int reply_begins(const struct conn *c)
{
	struct worker *w = worker_of((__u32)bpf_get_current_pid_tgid(), 0);

	if (!c || !w)
		return 0;
	if (w->conn != c->id)
		w->mixed = 1; /* it reads for others */
	else if (!w->replied_ns)
		w->replied_ns = bpf_ktime_get_ns();
	return 0;
}

/* Work passes from thread `from` to thread `to`, which has no request of its own. */
static __always_inline void handback_feed(__u32 from, __u32 to)
{
	const struct worker *giver = worker_of(from, 0);
	struct worker *w;
	__u64 span;
	const int fed = served_by(from, &span) || (giver && giver->fed);

	w = worker_of(to, fed);
	if (!w)
		return;
	w->fed = fed;
	if (fed)
		w->mixed = 0;
}

/* Thread `from` has started thread `to`. */
static __always_inline void handback_start(__u32 from, __u32 to)
{
	bpf_map_delete_elem(&workers, &to);
	handback_feed(from, to);
}

/* The thread ends, by itself. */
static __always_inline void handback_end(__u32 tid)
{
	const struct worker *w = worker_of(tid, 0);

	if (w)
		handback_check(w);
	bpf_map_delete_elem(&workers, &tid);
	bpf_map_delete_elem(&waiting, &tid);
}

/* The current thread goes to sleep, `on_futex` or by the clock. What a worker does when it wakes up is the business of whoever wakes it:
 * nobody, after a time-out. */
static __always_inline void handback_sleep(__u32 tid, int on_futex)
{
	const __u64 now = bpf_ktime_get_ns();
	struct wait fresh = { .slept_ns = now, .since_ns = now }, *last;
	struct worker *w;

	if (served_by(tid, &fresh.span)) {
		if (!on_futex)
			return;
		last = bpf_map_lookup_elem(&waiting, &tid);
		if (last && last->ended && last->span == fresh.span)
			fresh.since_ns = last->since_ns;
		if (bpf_map_update_elem(&waiting, &tid, &fresh, BPF_ANY))
			count_drop(CLEW_DROP_THREAD_FULL);
		return;
	}
	w = worker_of(tid, 0);
	if (w)
		w->fed = 0;
}

/* Has thread A, in `wait`, waited for what `w` has called? Since before the call, for results only. */
static __always_inline int waits_for_call(const struct wait *wait, const struct live *request, const struct worker *w)
{
	return !wait->ended && wait->since_ns < w->called_ns && wait->slept_ns < w->replied_ns &&
	       w->called_ns - request->since_ns <= cfg_live_max_ns && request->trace_flags & 1;
}

/* The thread `tid`, which serves `request` (key `span`), is woken by worker `w`. `wanted`: it would have waited for ever, for a result as
 * far as is known. */
static __always_inline void handback_to(struct worker *w, __u32 tid, const struct live *request, __u64 span, int wanted)
{
	struct wait *wait = bpf_map_lookup_elem(&waiting, &tid);

	if (w && w->replied_ns && !w->spoiled && !w->woken && wanted && wait && wait->span == span && waits_for_call(wait, request, w)) {
		wait->ended = 1;
		w->woken = span;
		w->told = w->awaits && !w->mixed;
		if (w->told)
			emit_handback(w, request, CLEW_HANDBACK_LIKELY);
		return;
	}
	bpf_map_delete_elem(&waiting, &tid);
	if (!w || !w->replied_ns || w->woken == span)
		return;
	if (w->awaits)
		emit_handback(w, 0, CLEW_HANDBACK_NOBODY);
	w->spoiled = 1;
	w->awaits = 0;
}

#endif
