/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Trace contexts: made when a request is read, found when one is written. The rules are in docs/causality.md. */
#ifndef CLEW_CONTEXT_H
#define CLEW_CONTEXT_H

#include "option.bpf.h"
#include "runtime.bpf.h"

static __always_inline __u64 id_key(const __u8 *id)
{
	__u64 k;

	__builtin_memcpy(&k, id, 8);
	return k;
}

static __always_inline int same_trace(const __u8 *a, const __u8 *b)
{
	return id_key(a) == id_key(b) && id_key(a + 8) == id_key(b + 8);
}

static __always_inline void random_bytes(__u8 *out, __u32 words)
{
	for (__u32 i = 0; i < words; i++) {
		const __u32 r = bpf_get_prandom_u32();

		__builtin_memcpy(out + 4 * i, &r, 4);
	}
}
static __always_inline void random_span_id(__u8 *id)
{
	random_bytes(id, 2);
	if (!id_key(id))
		id[7] = 1; /* all-zero is invalid */
}
/* A new trace: a random id, sampled by the ratio of its last eight bytes, so that every agent decides alike. */
static __always_inline void new_trace(struct clew_context *c)
{
	__u64 tail;

	random_bytes(c->trace_id, 4);
	tail = __builtin_bswap64(id_key(c->trace_id + 8));
	if (!tail)
		c->trace_id[15] = 1;
	c->trace_flags = 2 | (tail <= cfg_sample_limit); /* the id is random (level 2), so say so */
	c->origin = CLEW_ORIGIN_NEW;
}

static __always_inline __u64 mix(__u64 h, __u64 v)
{
	h ^= v;
	h *= 0xff51afd7ed558ccdULL;
	return h ^ h >> 32;
}
/* Key in `inbound`: the same header in another process is another request. */
static __always_inline __u64 inbound_key(__u32 tgid, const __u8 *trace_id, const __u8 *parent_id)
{
	__u64 h = mix(0x9e3779b97f4a7c15ULL, tgid);

	h = mix(h, id_key(trace_id));
	h = mix(h, id_key(trace_id + 8));
	h = mix(h, id_key(parent_id));
	return h ? h : 1;
}

/* Joins the tracestate lines in view into `st`; none, too long or with a bad character: st->len 0. */
__noinline int collect_state(const struct view *view, const struct head_scan *c, struct tracestate *st)
{
	__u32 len = 0;

	if (!view || !c || !st)
		return 0;
	st->len = 0;
	if (c->state_lines > STATE_LINES)
		return 0;
	for (__u32 i = 0; i < STATE_LINES; i++) {
		__u64 n = c->state_len[i], to;

		if (i >= c->state_lines)
			break;
		if (!n)
			continue;
		if (len + n + 1 > STATE_MAX)
			return 0;
		if (len) {
			st->text[len & (STATE_MAX - 1)] = ',';
			len++;
		}
		to = len;
		/* The verifier must see to <= STATE_MAX / 2 and n <= STATE_MAX / 2: longer combinations are dropped. */
		asm volatile("" : "+r"(n), "+r"(to));
		if (to > STATE_MAX / 2)
			return 0;
		if (to == 0) {
			if (n > STATE_MAX)
				return 0;
			bpf_probe_read_kernel(st->text, n, view->b + at_most(c->state_at[i]));
		} else {
			if (n > STATE_MAX / 2)
				return 0;
			bpf_probe_read_kernel(st->text + to, n, view->b + at_most(c->state_at[i]));
		}
		len = to + n;
	}
	st->len = len;
	return 0;
}

/* Ends the request that `conn` is answering: it is nobody's parent from now on. */
__noinline int end_live(struct conn *conn)
{
	__u64 span;
	struct live *l;

	if (!conn || !(conn->live_span || conn->on_loop))
		return 0;
	span = conn->live_span;
	l = bpf_map_lookup_elem(&live, &span);
	if (conn->on_loop)
		loop_leave(conn, l);
	conn->live_span = 0;
	if (!l)
		return 0;
	if (l->inbound) {
		__u64 key = l->inbound;
		struct inbound *in = bpf_map_lookup_elem(&inbound, &key);

		if (in && in->count <= 1)
			bpf_map_delete_elem(&inbound, &key);
		else if (in)
			__sync_fetch_and_add(&in->count, -1);
	}
	if (l->has_state)
		bpf_map_delete_elem(&states, &span);
	bpf_map_delete_elem(&live, &span);
	return 0;
}

/* What begin_request makes. Here and not on the stack, of which kernels before 6.13 give 512 bytes to a program and all that it calls.
 * One is enough: capture of reads does not run twice at a time on a CPU. */
struct arrival {
	struct live live;
	struct option_value sent;
	struct inbound inbound;
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct arrival);
} arrivals SEC(".maps");

/* Remembers the tracestate that a request just read has in its scratch. 0 on success. Looked up anew, since kernels before 6.2 take
 * a map's value from another map or the stack only, not from a function's argument. */
static __always_inline int keep_state(__u64 span)
{
	__u32 slot = SCRATCH_RECV;
	struct scratch *s = bpf_map_lookup_elem(&scratches, &slot);

	return s ? bpf_map_update_elem(&states, &span, &s->state, BPF_ANY) : -1;
}

#define SERVED_BY_NAME 1 /* evidence of the runtime may lead to it: runtime_serves() has to know */
#define SERVED_BLOCKING 2 /* ... and the read could wait, so no event loop has made it */
/*
 * A request head has been read in full on a server's connection: makes its context and remembers that it is live.
 * The context goes into scratch->event. `blocking`: the call could wait, so this thread does nothing else until it has answered (L2). An event loop never waits in a read.
 * Returns SERVED_* flags.
 */
__noinline int begin_request(struct conn *conn, struct proc *proc, struct scratch *scratch, const struct head_scan *scan,
			     int blocking)
{
	if (!conn || !proc || !scratch || !scan)
		return 0;
	struct clew_context *ctx = &scratch->event.ctx;
	struct tracestate *st = &scratch->state;
	const struct head *h = &conn->head;
	const __u64 id = bpf_get_current_pid_tgid();
	const __u32 tid = (__u32)id;
	__u32 zero = 0;
	struct arrival *arrival = bpf_map_lookup_elem(&arrivals, &zero);
	struct serving *old;
	const int alone = !conn->unanswered;
	int named;
	__u64 span;

	if (!arrival)
		return 0;
	struct live *l = &arrival->live;
	struct option_value *sent = &arrival->sent;

	__builtin_memset(l, 0, sizeof(*l));
	__builtin_memset(ctx, 0, sizeof(*ctx));
	random_span_id(ctx->span_id);
	span = id_key(ctx->span_id);
	const int by_option = option_take(conn, sent);

	if (h->tp_lines == 1 && h->tp_valid) {
		__builtin_memcpy(ctx->trace_id, h->trace_id, 16);
		__builtin_memcpy(ctx->parent_id, h->parent_id, 8);
		ctx->trace_flags = h->trace_flags;
		ctx->origin = CLEW_ORIGIN_TRACEPARENT;
		l->inbound = inbound_key(id >> 32, ctx->trace_id, ctx->parent_id);
		collect_state(scan->in_view ? &scratch->view : &scratch->data, scan, st);
	} else if (!h->tp_lines && (h->b3_seen & (B3_TRACE | B3_SPAN | B3_BAD)) == (B3_TRACE | B3_SPAN)) {
		__builtin_memcpy(ctx->trace_id, h->b3_trace_id, 16);
		__builtin_memcpy(ctx->parent_id, h->b3_parent_id, 8);
		ctx->trace_flags = h->b3_seen & B3_DECIDED ? h->b3_flags : 1;
		ctx->origin = CLEW_ORIGIN_B3;
		st->len = 0;
	} else if (by_option && !h->tp_lines && !h->b3_seen) {
		__builtin_memcpy(ctx->trace_id, sent->trace_id, 16);
		__builtin_memcpy(ctx->parent_id, sent->span_id, 8);
		ctx->trace_flags = sent->flags;
		ctx->origin = CLEW_ORIGIN_OPTION;
		st->len = 0;
		count_stat(STAT_OPTION_TAKEN);
	} else {
		new_trace(ctx);
		st->len = 0;
		if (!h->tp_lines && h->b3_seen == B3_DECIDED && !h->b3_flags)
			ctx->trace_flags &= ~1; /* the peer named no trace, but asked for none */
	}
	/* A header wins. But one that a proxy forwards names an older hop; the option was made for this very request. */
	if (by_option && ctx->origin != CLEW_ORIGIN_OPTION) {
		if (same_trace(ctx->trace_id, sent->trace_id)) {
			__builtin_memcpy(ctx->parent_id, sent->span_id, 8);
			count_stat(STAT_OPTION_TAKEN);
		} else {
			count_stat(STAT_OPTION_DIFFERED);
		}
	}

	/* A second request on a connection before the answer to the first: user space pairs them; for the kernel side the
	 * thread serves neither for certain. */
	if (conn->unanswered) {
		conn->pipelined = 1;
		end_live(conn);
		bpf_map_delete_elem(&threads, &tid);
		blocking = 0;
	}
	conn->unanswered = 1;
	/* This thread still serves another connection's request: it multiplexes, whatever its sockets say. */
	old = bpf_map_lookup_elem(&threads, &tid);
	if (old && old->link == CLEW_LINK_THREAD) {
		__u64 key = old->span;
		struct live *other = bpf_map_lookup_elem(&live, &key);

		if (other && other->conn != conn->id && !(proc->flags & PROC_NO_THREAD)) {
			__sync_fetch_and_or(&proc->flags, PROC_NO_THREAD);
			count_stat(STAT_DEMOTED);
		}
	}

	if (proc->flags & PROC_NO_THREAD)
		blocking = 0;
	if (blocking && !(proc->flags & PROC_SERVES))
		__sync_fetch_and_or(&proc->flags, PROC_SERVES);
	if (!blocking && old)
		bpf_map_delete_elem(&threads, &tid);
	named = runtime_arrives(conn, proc, alone);
	/* On an event loop, and without a header that could be forwarded: no evidence can lead here, so nobody needs to find it. */
	if (!blocking && !l->inbound && !named)
		return 0;

	__builtin_memcpy(l->trace_id, ctx->trace_id, 16);
	l->since_ns = bpf_ktime_get_ns();
	l->conn = conn->id;
	l->tgid = id >> 32;
	l->tid = tid;
	l->trace_flags = ctx->trace_flags;
	l->has_state = st->len > 0;
	if (l->has_state && keep_state(span))
		l->has_state = 0;
	if (l->inbound) {
		struct inbound *fresh = &arrival->inbound;
		__u64 key = l->inbound;
		struct inbound *in = bpf_map_lookup_elem(&inbound, &key);

		fresh->span = span;
		fresh->count = 1;
		if (in)
			__sync_fetch_and_add(&in->count, 1);
		else if (bpf_map_update_elem(&inbound, &key, fresh, BPF_ANY))
			l->inbound = 0;
	}
	if (bpf_map_update_elem(&live, &span, l, BPF_ANY)) {
		count_drop(CLEW_DROP_LIVE_FULL);
		return 0;
	}
	conn->live_span = span;
	conn->live_tid = tid;
	if (blocking) {
		struct serving s = { .span = span, .link = CLEW_LINK_THREAD };

		if (bpf_map_update_elem(&threads, &tid, &s, BPF_ANY))
			count_drop(CLEW_DROP_THREAD_FULL);
	}
	return named ? SERVED_BY_NAME | (blocking ? SERVED_BLOCKING : 0) : 0;
}

/* The first byte of a final response was written. By another thread than the one that read the request: thread evidence means
 * nothing in this process. */
__noinline int answer_request(struct conn *conn, struct proc *proc)
{
	if (!conn || !proc)
		return 0;
	conn->unanswered = 0;
	if (!conn->live_span && !conn->on_loop)
		return 0;
	runtime_answers(conn, proc);
	if (conn->live_span && conn->live_tid != (__u32)bpf_get_current_pid_tgid() && !(proc->flags & PROC_NO_THREAD)) {
		__u32 tid = conn->live_tid;
		struct serving *s = bpf_map_lookup_elem(&threads, &tid);

		/* Only if that thread was offered as evidence; and a spawned thread may well answer for it. */
		tid = (__u32)bpf_get_current_pid_tgid();
		if (s && s->span == conn->live_span) {
			struct serving *mine = bpf_map_lookup_elem(&threads, &tid);

			if (!mine || mine->span != conn->live_span) {
				__sync_fetch_and_or(&proc->flags, PROC_NO_THREAD);
				count_stat(STAT_DEMOTED);
			}
		}
	}
	end_live(conn);
	return 0;
}

/* The header that the request has already stays as it is. */
static __always_inline void adopt(const struct head *h, struct clew_context *ctx)
{
	__builtin_memcpy(ctx->trace_id, h->trace_id, 16);
	__builtin_memcpy(ctx->span_id, h->parent_id, 8);
	ctx->trace_flags = h->trace_flags;
	ctx->origin = CLEW_ORIGIN_ADOPTED;
}

/* Why nothing but `other_span` (0: not even that) was found for a request that is about to be sent on `c`; enum clew_none. */
static __always_inline __u8 why_none(const struct conn *c, __u32 proc_flags, __u64 other_span)
{
	if (other_span)
		return CLEW_NONE_ANSWERED;
	if (runtime_demoted(proc_flags) || (!runtime_decides(proc_flags) && proc_flags & PROC_NO_THREAD))
		return CLEW_NONE_DEMOTED;
	if (follows_loops(proc_flags))
		return c->call_unsure ? CLEW_NONE_UNSURE : CLEW_NONE_LOOP;
	return proc_flags & PROC_NGINX ? CLEW_NONE_LOOP : CLEW_NONE_NO_EVIDENCE;
}

/*
 * Context of a request that this thread is about to send on `c`. c->head: its head as far as scanned, with a forwarded or own
 * traceparent. Fills everything but ctx->inject.
 */
__noinline int choose_parent(__u32 proc_flags, struct conn *c, struct clew_context *ctx, __u64 told)
{
	if (!c || !ctx)
		return 0;
	const struct head *h = &c->head;
	const __u64 id = bpf_get_current_pid_tgid();
	const __u32 tid = (__u32)id;
	struct live *parent = 0, *other;
	__u64 span = 0, other_span = told; /* L1 or L3 */
	struct serving *s;
	__u8 link = CLEW_LINK_NONE, other_link = runtime_link(proc_flags);

	__builtin_memset(ctx, 0, sizeof(*ctx));
	random_span_id(ctx->span_id);

	if (h->tp_lines == 1 && h->tp_valid) { /* L0: forwarded? */
		__u64 key = inbound_key(id >> 32, h->trace_id, h->parent_id);
		struct inbound *in = bpf_map_lookup_elem(&inbound, &key);

		if (in && in->count == 1) {
			span = in->span;
			parent = bpf_map_lookup_elem(&live, &span);
			link = CLEW_LINK_PAYLOAD;
		} else if (!in) {
			adopt(h, ctx); /* nobody sent it to us: the application's own, which knows better */
			runtime_called(c, other_span, proc_flags);
			return 0;
		}
	}
	s = bpf_map_lookup_elem(&threads, &tid);
	if (!runtime_decides(proc_flags) && s && serving_counts(s, proc_flags)) { /* L2 or L4, or a pool's worker */
		__u64 own = s->span;

		if (!other_span) {
			other_span = own;
			other_link = s->link;
		} else if (other_span != own && bpf_map_lookup_elem(&live, &own)) {
			count_stat(STAT_DISAGREE);
			other_span = 0;
		}
	}
	other = other_span ? bpf_map_lookup_elem(&live, &other_span) : 0;
	if (other && bpf_ktime_get_ns() - other->since_ns > cfg_live_max_ns)
		other = 0;
	if (parent && other && span != other_span) {
		count_stat(STAT_DISAGREE); /* two layers, two parents: none */
		ctx->none = CLEW_NONE_DISAGREED;
		parent = 0;
	} else if (!parent && other) {
		parent = other;
		span = other_span;
		link = other_link;
	}
	runtime_called(c, parent ? span : 0, proc_flags);
	if (!parent && h->tp_lines == 1 && h->tp_valid) { /* forwarded, of one of several: the header stands, no span claims it */
		adopt(h, ctx);
		return 0;
	}
	if (!parent) {
		new_trace(ctx);
		if (!ctx->none)
			ctx->none = why_none(c, proc_flags, other_span);
		return 0;
	}
	__builtin_memcpy(ctx->trace_id, parent->trace_id, 16);
	__builtin_memcpy(ctx->parent_id, &span, 8);
	ctx->trace_flags = parent->trace_flags;
	ctx->origin = CLEW_ORIGIN_PARENT;
	ctx->link = link;
	return 0;
}

/* The same, when the runtime has been asked. */
static __always_inline void find_parent(__u32 proc_flags, struct conn *c, struct clew_context *ctx, enum java_reader reader)
{
	choose_parent(proc_flags, c, ctx, runtime_parent(c, proc_flags, reader));
}

/* May a request with this head carry the context `out`, by a header or an option? enum clew_inject: why not; 0: it may. */
static __always_inline __u32 context_refused(const struct head *h, const struct clew_context *out)
{
	if (out->origin == CLEW_ORIGIN_ADOPTED)
		return CLEW_INJECT_ADOPTED;
	/* A header that is there is ours to overrule only if it names a request that we serve: the trace is the same, the parent becomes
	 * our span. */
	if (h->tp_lines && (h->tp_lines > 1 || !h->tp_valid || out->origin != CLEW_ORIGIN_PARENT || !same_trace(h->trace_id, out->trace_id)))
		return CLEW_INJECT_SKIP_UNSURE;
	return CLEW_INJECT_NONE;
}

#endif
