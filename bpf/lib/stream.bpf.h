/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What happens with the bytes of one call, for both back ends: find message starts, make or find contexts, write records. The
 * kernel side looks only as far as it must: where requests begin and end in their direction (contexts are decided at once), where
 * response heads end (nothing behind them is copied). All framing of bodies is user space's.
 */
#ifndef CLEW_STREAM_H
#define CLEW_STREAM_H

#include "pieces.bpf.h"

#define MAX_UNKNOWN 1024 /* messages of no known kind on a socket first seen in the middle */

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

/* Tells of a request head, and of what lies behind it when another one may. A response's is told in the same way. */
static __always_inline void emit_request(struct pieces *p)
{
	bpf_loop(MAX_PIECES, request_piece, p, 0);
	bpf_loop(MAX_PIECES, plain_piece, p, 0);
}
static __always_inline void emit_reply(struct pieces *p)
{
	bpf_loop(MAX_PIECES, reply_piece, p, 0);
	bpf_loop(MAX_PIECES, plain_piece, p, 0);
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
		c->pipelined = 1;
		bpf_loop(MAX_PIECES, plain_piece, &p, 0);
		return;
	}
	if (half->phase == PHASE_HEAD) {
		p.begun = 1;
		emit_request(&p);
		return;
	}
	if (half->phase >= PHASE_REPLY_HEAD) {
		p.begun = 1;
		emit_reply(&p);
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
		emit_request(&p);
		return;
	}
	if (reply_way && begins_response(w, n, expected)) {
		const int over = ends_http(c, first, n);

		if (k->egress && at->tcp && c->rx.phase == PHASE_BODY)
			catch_up(c, at->copied);
		on_reply_start(k, c, proc, first, n);
		half->phase = PHASE_REPLY_LINE;
		emit_reply(&p);
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
	/* Messages that nobody looks for here may begin amid of it, where several are under way. */
	if (n <= SMALL_CALL || c->pipelined)
		bpf_loop(MAX_PIECES, plain_piece, &p, 0);
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
