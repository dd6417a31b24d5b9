/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What happens with the bytes of one call, for both back ends: find message starts, make or find contexts, write records. The
 * kernel side looks only as far as it must: where requests begin and end in their direction (contexts are decided at once), where
 * response heads end (nothing behind them is copied). All framing of bodies is user space's.
 */
#ifndef CLEW_STREAM_H
#define CLEW_STREAM_H

#include "context.bpf.h"
#include "emit.bpf.h"
#include "handback.bpf.h"

#define SMALL_CALL 256 /* calls up to this size inside a message are copied whole */
#define AFTER_HEAD 48 /* bytes copied behind a head: the first chunk-size line */
#define REPLY_FIRST 1024 /* first look at a response */
#define MAX_PIECES 17 /* of CLEW_DATA_MAX bytes: a head of CLEW_HEAD_MAX */
#define MAX_UNKNOWN 1024 /* messages of no known kind on a socket first seen in the middle */

/* Where a socket stands behind a call. */
struct position {
	__u32 seq;
	__u32 copied; /* how far the application has read */
	__u8 tcp;
	__u8 fin; /* the peer has finished: its FIN counts as a byte */
	__u8 from_start; /* nothing was read before this call */
	__u8 pad;
};

/*
 * One call as it is worked on. Not on the stack, of which kernels before 6.13 give 512 bytes to a program and all that it calls; by
 * direction, as scratches.
 */
struct work {
	struct call k;
	struct position at;
	struct head_scan scan;
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCH_SEND + 1);
	__type(key, __u32);
	__type(value, struct work);
} works SEC(".maps");

/* NULL never happens, which the verifier cannot know. */
static __always_inline struct work *work_of(int egress)
{
	__u32 slot = egress ? SCRATCH_SEND : SCRATCH_RECV;

	return bpf_map_lookup_elem(&works, &slot);
}

/* ... for a call that begins. */
static __always_inline struct work *new_work(int egress)
{
	struct work *w = work_of(egress);

	if (w) {
		__builtin_memset(&w->k, 0, sizeof(w->k));
		__builtin_memset(&w->at, 0, sizeof(w->at));
	}
	return w;
}

/*
 * TCP sequence number on the wire of the first byte of a call of `n` bytes that ends at `seq`, `fin`: behind the peer's FIN perhaps, which
 * counts as a byte. Both ends of a connection see the same one: it names a request where no header does. Before `advance`.
 */
static __always_inline __u32 wire_seq(const struct half *h, __u32 n, __u32 seq, int fin)
{
	return seq - n - (fin && h->seq_valid && seq - h->seq == n + 1);
}

/*
 * Advances the direction to `seq`, the socket's position behind this call, and returns the offset of the call's first byte. Bytes that
 * passed without a hook (splice, io_uring) show as a gap before it, exactly.
 */
static __always_inline __u64 advance(struct half *h, __u32 n, __u32 seq, int tcp, int fin)
{
	__u64 offset = h->offset;
	__u32 delta = seq - h->seq;
	__u64 gap;

	if (!tcp || !h->seq_valid || delta < n || delta - n > 1U << 30 || (fin && delta == n + 1))
		delta = n; /* first sight, or two writers at a time, or the FIN, which counts as a byte */
	gap = delta - n;
	h->seq = seq;
	h->seq_valid = 1;
	h->offset = offset + delta;
	if (gap) {
		if (h->phase == PHASE_BODY && h->body_left >= gap)
			h->body_left -= gap;
		else if (h->phase != PHASE_OPAQUE)
			h->phase = PHASE_UNKNOWN;
	}
	return offset + gap;
}

/*
 * Bytes that left the receive queue without a hook (splice out of the socket), up to `copied`: told once it matters, as bytes of which
 * nothing is known but their number. Otherwise the next read would show them as a gap, and the last ones would never show.
 */
__noinline int catch_up(struct conn *c, __u32 copied)
{
	if (!c)
		return 0;
	struct half *h = &c->rx;
	const __u32 missing = copied - h->seq;
	struct clew_bytes_event *e;

	if (!h->seq_valid || !missing || missing > 1U << 30)
		return 0;
	e = reserve_bytes(c, 0, h->offset, missing);
	if (!e)
		return 0;
	bpf_ringbuf_submit(e, wake_flags());
	h->seq = copied;
	h->offset += missing;
	if (h->phase == PHASE_BODY && h->body_left > missing)
		h->body_left -= missing;
	else if (h->phase == PHASE_BODY)
		h->phase = PHASE_START;
	return 0;
}

/* Context of a request whose head is complete, into scratch->event: made (server) or found (client). */
static __always_inline void decide_context(struct call *k, struct conn *c, struct proc *proc, struct scratch *s,
					   const struct head_scan *scan)
{
	if (!k->egress) {
		set_flags(c, CONN_SERVER);
		const int served = begin_request(c, proc, s, scan, k->blocking);

		if (served & SERVED_BY_NAME)
			runtime_serves(c, c->live_span, proc->flags, served & SERVED_BLOCKING);
		return;
	}
	set_flags(c, CONN_CLIENT);
	runtime_calls(proc);
	if (c->awaits_reply)
		c->pipelined = 1;
	c->awaits_reply = 1;
	if (c->flags & CONN_OUT_READY) { /* decided already, before it left */
		s->event.ctx = c->out;
		clear_flags(c, CONN_OUT_READY);
	} else {
		find_parent(proc->flags, c, &s->event.ctx);
		s->event.ctx.inject = c->out_skip;
		c->out_skip = 0;
	}
}

/* After a head of which `rest` bytes of the call lie behind: how the direction goes on. */
static __always_inline void after_head(struct half *h, const struct head *head, __u32 rest)
{
	h->body_left = 0;
	if (head->chunked) {
		h->phase = PHASE_OPAQUE;
	} else if (!head->has_length || head->length == rest) {
		h->phase = rest && !head->has_length ? PHASE_UNKNOWN : PHASE_START;
	} else if (head->length > rest) {
		h->phase = PHASE_BODY;
		h->body_left = head->length - rest;
	} else {
		h->phase = PHASE_UNKNOWN; /* pipelined: the next head has begun */
	}
}

struct pieces {
	struct call *k;
	struct head_scan *scan;
	struct conn *c;
	struct proc *proc;
	struct scratch *s;
	struct half *half;
	__u32 begun; /* an earlier piece or call held the beginning */
	__u32 have; /* bytes of the first piece that are in scratch->data already */
};

/* Brings the next bytes of the call, `most` at most, into scratch->data. Returns how many. */
static __always_inline __u32 fetch(struct pieces *p, __u32 most)
{
	const __u32 left = p->k->io.bytes - p->k->skip, want = left < most ? left : most;
	__u32 have = p->have;

	p->have = 0;
	return have >= want ? want : io_copy(&p->k->io, p->k->skip, want, data_room(p->s));
}

/* A call's head has left, and its context is decided. By itself, so that its stack is free again behind it: there is little (see works). */
static __noinline int call_made(struct pieces *p)
{
	handback_call(p->c, p->proc, &p->s->event.ctx);
	return 0;
}

/* One piece of a request head. */
static long request_piece(__u32 i, void *ctx)
{
	struct pieces *p = ctx;
	struct call *k = p->k;
	struct conn *c = p->c;
	struct scratch *s = p->s;
	struct head *h = &c->head;
	struct head_scan *scan = p->scan;
	const __u32 n = k->io.bytes - k->skip;
	__u64 carried = h->carry_len;
	__u32 got, keep, end;

	(void)i;
	__builtin_memset(scan, 0, sizeof(*scan));
	scan->names = 1;
	k->flags = 0;
	k->size = n;
	got = fetch(p, CLEW_DATA_MAX);
	k->captured = got;
	if (!got)
		goto lost;
	scan->n = got;
	if (carried) {
		__u64 copy = got;

		asm volatile("" : "+r"(copy), "+r"(carried)); /* the verifier must see these very registers bounded */
		if (copy > CLEW_DATA_MAX || carried > CARRY)
			goto lost;
		__builtin_memcpy(s->view.b, h->carry, CARRY);
		bpf_probe_read_kernel(s->view_room + carried, copy, s->data.b);
		scan->in_view = 1;
		scan->n = carried + copy;
		scan_head(&s->view, h, scan);
	} else {
		scan_head(&s->data, h, scan);
	}
	if (scan->bad) {
		if (c->flags & CONN_FROM_START && !(c->flags & (CONN_SERVER | CONN_CLIENT)) && !p->begun)
			set_flags(c, CONN_IGNORE);
		goto lost;
	}
	if (!scan->end) {
		h->bytes += got;
		carry_line(scan->in_view ? &s->view : &s->data, h, scan);
		p->half->phase = PHASE_HEAD;
		if (h->bytes > CLEW_HEAD_MAX) {
			count_drop(CLEW_DROP_HEAD_TOO_LONG);
			goto lost;
		}
		k->size = got;
		if (!p->begun) {
			k->flags = CLEW_DATA_REQUEST;
			__builtin_memset(&s->event.ctx, 0, sizeof(s->event.ctx));
		}
		emit_data(k, c, s);
		p->begun = 1;
		k->skip += got;
		return k->skip >= k->io.bytes;
	}
	end = scan->end > carried ? scan->end - carried : 0; /* in this piece */
	decide_context(k, c, p->proc, s, scan);
	if (k->egress)
		call_made(p);
	after_head(p->half, h, n > end ? n - end : 0);
	keep = p->half->phase == PHASE_UNKNOWN ? got : end + AFTER_HEAD;
	k->captured = keep < got ? keep : got;
	k->flags = p->begun ? CLEW_DATA_CONTEXT : CLEW_DATA_REQUEST;
	emit_data(k, c, s);
	return 1;
lost:
	p->half->phase = PHASE_UNKNOWN;
	emit_data(k, c, s);
	return 1;
}

/* A reply's head is complete, `end` bytes into the call that its beginning came with: how will its own end be known? */
static __always_inline void note_reply_end(struct conn *c, const struct head *head, const char *status, __u32 end)
{
	const int empty = c->head_request || (status[0] == '2' && status[2] == '4') || (status[0] == '3' && status[2] == '4');

	c->reply_end = REPLY_AT_ONCE;
	if (empty)
		return;
	if (head->chunked) {
		c->reply_end = REPLY_CHUNKED;
	} else if (head->has_length) {
		c->reply_end = REPLY_COUNTED;
		c->reply_left = end + head->length;
	}
}

/* After a read from a client's connection: nothing more of the reply is to come? */
static __always_inline int reply_is_over(struct call *k, struct conn *c, struct scratch *s)
{
	const __u32 n = k->io.bytes;
	__u8 last[8];

	if (c->reply_end == REPLY_AT_ONCE || !n)
		return 1;
	if (c->reply_end == REPLY_COUNTED) {
		c->reply_left = c->reply_left > n ? c->reply_left - n : 0;
		return !c->reply_left;
	}
	return n < 8 || copy_last(k, s, last) < 8 ||
	       (last[3] == '0' && last[4] == '\r' && last[5] == '\n' && last[6] == '\r' && last[7] == '\n');
}

/* One piece of a response head; the phase says where in it the last one ended. */
static long reply_piece(__u32 i, void *ctx)
{
	struct pieces *p = ctx;
	struct call *k = p->k;
	struct scratch *s = p->s;
	struct half *half = p->half;
	struct head_scan *scan = p->scan;
	const __u32 n = k->io.bytes - k->skip;
	__u32 got, keep;
	__u8 tail;

	(void)i;
	__builtin_memset(scan, 0, sizeof(*scan));
	k->flags = p->begun ? 0 : CLEW_DATA_RESPONSE;
	k->size = n;
	got = fetch(p, p->begun ? CLEW_DATA_MAX : REPLY_FIRST);
	k->captured = got;
	if (!got) { /* sendfile, or unreadable */
		half->phase = PHASE_OPAQUE;
		emit_data(k, p->c, s);
		return 1;
	}
	scan->n = got;
	if (half->phase == PHASE_REPLY_CR && s->data.b[0] == '\n') {
		scan->end = 1;
	} else if (!p->begun && !k->egress && follows_loops(p->proc->flags)) {
		__builtin_memset(&s->head, 0, sizeof(s->head));
		s->head.got_line = 1; /* the status line is no request line */
		scan->names = 1;
		scan_head(&s->data, &s->head, scan);
		if (scan->end)
			note_reply_end(p->c, &s->head, s->data.b + 9, scan->end);
	} else {
		if (half->phase != PHASE_REPLY_HEAD)
			scan->line = 0xffff0000; /* in the middle of a line: its end is not a blank line */
		scan_head(&s->data, &s->head, scan);
	}
	if (!scan->end && k->skip + got < CLEW_HEAD_MAX) {
		tail = load1(&s->data, got - 1);
		half->phase = tail == '\n' ? PHASE_REPLY_HEAD : PHASE_REPLY_LINE;
		if (tail == '\r' && got >= 2 && load1(&s->data, got - 2) == '\n')
			half->phase = PHASE_REPLY_CR;
		k->size = got;
		emit_data(k, p->c, s);
		p->begun = 1;
		k->skip += got;
		return k->skip >= k->io.bytes;
	}
	half->phase = PHASE_OPAQUE;
	keep = n <= SMALL_CALL ? got : scan->end + AFTER_HEAD;
	k->captured = keep < got ? keep : got;
	emit_data(k, p->c, s);
	return 1;
}

/* First bytes of a response, as far as the kernel side cares: is it final, does it end HTTP on this connection? */
static __always_inline void on_reply_start(struct call *k, struct conn *c, struct proc *proc, const char *b, __u32 n)
{
	const __u8 hundreds = n >= 10 ? b[9] : 0;

	if (k->egress) {
		set_flags(c, CONN_SERVER);
		if (hundreds != '1' || b[11] == '1')
			answer_request(c, proc);
	} else {
		/* Its large body is out, so injection may have the socket back. Now, for the next request may begin soon. */
		if (c->flags & CONN_EVICTED)
			emit_simple(c, CLEW_EVENT_REENTER, 0, k->io.fd, BPF_RB_FORCE_WAKEUP);
		set_flags(c, CONN_CLIENT);
		c->reply_end = REPLY_AT_ONCE;
		if (hundreds != '1') {
			c->awaits_reply = 0;
			if (follows_handback(proc->flags))
				reply_begins(c);
		}
	}
}

static __always_inline int ends_http(struct conn *c, const char *b, __u32 n)
{
	return n >= 12 && ((b[9] == '1' && b[10] == '0' && b[11] == '1') || (b[9] == '2' && c->flags & CONN_TUNNEL));
}

/* Copies the call's beginning and reports it as part of something that only user space understands. */
static __always_inline void emit_opaque(struct call *k, struct conn *c, struct scratch *s)
{
	const __u32 n = k->io.bytes;

	k->size = n;
	k->captured = io_copy(&k->io, 0, n < CLEW_DATA_MAX ? n : CLEW_DATA_MAX, data_room(s));
	emit_data(k, c, s);
}

/* Bytes moved: the whole of it. */
static __always_inline void on_bytes(struct work *work, struct conn *c, struct proc *proc, struct scratch *s)
{
	struct call *k = &work->k;
	const struct position *at = &work->at;
	struct pieces p = { .k = k, .scan = &work->scan, .c = c, .proc = proc, .s = s };
	struct half *half = k->egress ? &c->tx : &c->rx;
	const __u32 n = k->io.bytes;
	const int request_way = k->egress ? !(c->flags & CONN_SERVER) : !(c->flags & CONN_CLIENT);
	const int reply_way = k->egress ? !(c->flags & CONN_CLIENT) : !(c->flags & CONN_SERVER);
	/* A message is expected: its beginning is copied at once. In the middle of one, a look at the first bytes must do. */
	const int expected = half->phase != PHASE_OPAQUE || (k->egress ? c->unanswered : c->awaits_reply);
	const __u32 look = expected ? REPLY_FIRST : 16;
	const char *first = s->data.b;
	__u64 w;

	p.half = half;
	/* The position leaves inserted bytes out. Those of this call lie behind its first byte, those of the calls before do not. */
	if (at->tcp)
		k->seq = wire_seq(half, n, at->seq, at->fin) + (k->egress ? c->inserted_before : 0);
	if (k->egress)
		c->inserted_before = c->inserted;
	k->offset = advance(half, n, at->seq, at->tcp, at->fin);
	if (half->phase == PHASE_BODY) {
		if (n <= half->body_left) {
			half->body_left -= n;
			if (!half->body_left)
				half->phase = PHASE_START;
			emit_bytes(k, c, s);
			return;
		}
		half->body_left = 0; /* the next request begins somewhere in here: user space will find it */
		half->phase = PHASE_UNKNOWN;
		emit_opaque(k, c, s);
		return;
	}
	if (half->phase == PHASE_HEAD) {
		p.begun = 1;
		bpf_loop(MAX_PIECES, request_piece, &p, 0);
		return;
	}
	if (half->phase >= PHASE_REPLY_HEAD) {
		p.begun = 1;
		bpf_loop(MAX_PIECES, reply_piece, &p, 0);
		return;
	}

	__builtin_memset(s->data.b, 0, 16);
	p.have = io_copy(&k->io, 0, n < look ? n : look, data_room(s));
	__builtin_memcpy(&w, first, 8);
	/* A body of unknown framing may hold anything: it is over for us when its request was answered. */
	if (request_way && maybe_request(w, n) && !(half->phase == PHASE_OPAQUE && !k->egress && c->unanswered)) {
		clear_flags(c, CONN_TUNNEL);
		if (w == C8('C', 'O', 'N', 'N', 'E', 'C', 'T', ' '))
			set_flags(c, CONN_TUNNEL);
		c->head_request = (__u32)w == C4('H', 'E', 'A', 'D');
		__builtin_memset(&c->head, 0, sizeof(c->head));
		c->head_seq = k->seq;
		bpf_loop(MAX_PIECES, request_piece, &p, 0);
		return;
	}
	if (reply_way && begins_response(w, n, expected)) {
		const int over = ends_http(c, first, n);

		if (k->egress && at->tcp && c->rx.phase == PHASE_BODY)
			catch_up(c, at->copied);
		on_reply_start(k, c, proc, first, n);
		half->phase = PHASE_REPLY_LINE;
		bpf_loop(MAX_PIECES, reply_piece, &p, 0);
		if (over)
			set_flags(c, CONN_IGNORE);
		return;
	}
	if (!(c->flags & (CONN_SERVER | CONN_CLIENT))) { /* nothing recognised on this socket so far */
		const int blank = first[0] == '\r' || first[0] == '\n';

		if (!blank && (c->flags & CONN_FROM_START || ++c->unknown > MAX_UNKNOWN))
			set_flags(c, CONN_IGNORE);
		return;
	}
	if (k->egress && c->flags & CONN_SERVER && c->unanswered && half->phase != PHASE_OPAQUE)
		answer_request(c, proc); /* an answer that began with fewer bytes than tell its kind */
	if (n <= SMALL_CALL)
		emit_opaque(k, c, s);
	else
		emit_bytes(k, c, s);
}

/*
 * One call of a traced process on a stream socket: the common end of both back ends. `work` has all of `at`, and of `k` io, egress and blocking filled in;
 * io.bytes 0 is the end of the stream.
 */
static __always_inline void on_call(struct work *work, struct conn *c, struct proc *proc, struct sock *sk)
{
	struct call *k = &work->k;
	const struct position *at = &work->at;
	__u32 slot = k->egress ? SCRATCH_SEND : SCRATCH_RECV;
	struct scratch *s = bpf_map_lookup_elem(&scratches, &slot);

	if (!s)
		return;
	if (!k->io.bytes) {
		if (!k->egress && at->fin && c->flags & CONN_OPENED)
			emit_simple(c, CLEW_EVENT_EOF, CLEW_INGRESS, k->io.fd, wake_flags());
		if (!k->egress && c->flags & CONN_CLIENT && follows_loops(proc->flags)) {
			c->awaits_reply = 0; /* what comes of it is that request's */
			loop_read(c, 1, proc->flags);
		}
		return;
	}
	c->tcp = at->tcp;
	c->sk = (__u64)sk;
	c->fd = k->io.fd;
	count_stat(STAT_CALLS);
	proc->calls++;
	if (!k->io.known)
		count_drop(CLEW_DROP_UNKNOWN_CALL);
	if (!(c->flags & CONN_OPENED))
		emit_open(c);
	on_bytes(work, c, proc, s);
	/* The end of a call that is counted counts, too, when the probes were taken away meanwhile. */
	if (!k->egress && c->flags & (CONN_SERVER | CONN_CLIENT) && (follows_loops(proc->flags) || c->call_open))
		loop_read(c, c->flags & CONN_CLIENT && reply_is_over(k, c, s), proc->flags);
}

/* connect() begins on a socket whose state is fresh. */
static __always_inline void on_connect(struct conn *c, __u64 id, const struct proc *proc)
{
	if (!c)
		return;
	c->flags = CONN_ACTIVE;
	conn_init(c, id, 1);
	runtime_connect(c, proc->flags);
}

/* States that on_state wants to know of. */
static __always_inline int is_end(int state)
{
	return state == TCP_FIN_WAIT1 || state == TCP_LAST_ACK || state == TCP_CLOSE;
}

/* This side has closed its direction, or the socket is gone. */
static __always_inline void on_state(struct conn *c, int state)
{
	call_end(c);
	end_live(c); /* no answer can follow; and the descriptor's number may be another socket's next */
	if (!(c->flags & CONN_OPENED))
		return;
	if (state != TCP_CLOSE) {
		emit_simple(c, CLEW_EVENT_EOF, CLEW_EGRESS, -1, wake_flags());
		return;
	}
	emit_simple(c, CLEW_EVENT_CONN_CLOSE, 0, -1, wake_flags());
	clear_flags(c, CONN_OPENED);
	set_flags(c, CONN_IGNORE);
}

#endif
