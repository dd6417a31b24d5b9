/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The head of a message, looked at piece by piece as calls bring it: where it ends, what context it has or gets. */
#ifndef CLEW_PIECES_H
#define CLEW_PIECES_H

#include "context.bpf.h"
#include "emit.bpf.h"
#include "handback.bpf.h"
#include "position.bpf.h"

#define MAX_PIECES 17 /* of CLEW_DATA_MAX bytes: a head of CLEW_HEAD_MAX */
#define SMALL_CALL 256 /* calls up to this size inside a message are copied whole */
#define AFTER_HEAD 48 /* bytes copied behind a head: the first chunk-size line */
#define REPLY_FIRST 1024 /* first look at a response */

/* Context of a request whose head is complete, into scratch->event: made (server) or found (client). */
static __always_inline void decide_context(struct call *k, struct conn *c, struct proc *proc, struct scratch *s,
					   const struct head_scan *scan)
{
	if (!k->egress) {
		set_flags(c, CONN_SERVER);
		const int served = begin_request(c, proc, s, scan, k->blocking);

		if (served & SERVED_BY_NAME)
			runtime_serves(c, c->live_span, proc, served & SERVED_BLOCKING);
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
		find_parent(proc->flags, c, &s->event.ctx, JAVA_BY_CAPTURE);
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

/*
 * Tells of the piece that is in scratch->data, with its first `captured` bytes. It stands for all that is left of the call, unless `more`
 * of that is to be copied.
 */
static __always_inline void emit_piece(struct pieces *p, __u32 captured, int more)
{
	struct call *k = p->k;

	k->captured = captured;
	k->size = more && captured ? captured : k->io.bytes - k->skip;
	emit_data(k, p->c, p->s);
	k->skip += k->size;
}

/* One piece of a call in which more than one message may begin: user space finds them. */
static long plain_piece(__u32 i, void *ctx)
{
	struct pieces *p = ctx;
	struct call *k = p->k;

	if (k->skip >= k->io.bytes)
		return 1;
	k->flags = 0;
	if (k->skip)
		k->seq = 0; /* an inserted header may lie before it */
	emit_piece(p, fetch(p, CLEW_DATA_MAX), i < MAX_PIECES - 1);
	return 0;
}

/* A call's head has left, and its context is decided. By itself, so that its stack is free again behind it: there is little (see works). */
static __noinline int call_made(struct pieces *p)
{
	handback_call(p->c, p->proc, &p->s->event.ctx);
	return 0;
}

/* A request head is complete, `end` bytes into the piece of `got` bytes that is in scratch->data. By itself for the same reason. */
static __noinline int emit_head(struct pieces *p, __u32 end, __u32 got)
{
	struct call *k = p->k;
	const __u32 n = k->io.bytes - k->skip, keep = end + AFTER_HEAD;

	after_head(p->half, &p->c->head, n > end ? n - end : 0);
	k->flags = p->begun ? CLEW_DATA_CONTEXT : CLEW_DATA_REQUEST;
	if (p->half->phase == PHASE_UNKNOWN) {
		p->c->pipelined = 1;
		emit_piece(p, got, 1);
	} else {
		emit_piece(p, keep < got ? keep : got, 0);
	}
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
	__u64 carried = h->carry_len;
	__u32 got, end;

	(void)i;
	__builtin_memset(scan, 0, sizeof(*scan));
	scan->names = 1;
	k->flags = 0;
	got = fetch(p, CLEW_DATA_MAX);
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
		if (!p->begun) {
			k->flags = CLEW_DATA_REQUEST;
			__builtin_memset(&s->event.ctx, 0, sizeof(s->event.ctx));
		}
		emit_piece(p, got, 1);
		p->begun = 1;
		return k->skip >= k->io.bytes;
	}
	end = scan->end > carried ? scan->end - carried : 0; /* in this piece */
	decide_context(k, c, p->proc, s, scan);
	if (k->egress)
		call_made(p);
	emit_head(p, end, got);
	return 1;
lost:
	p->half->phase = PHASE_UNKNOWN;
	emit_piece(p, got, c->pipelined);
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
	const int more = p->c->pipelined;
	__u32 got, keep;
	__u8 tail;

	(void)i;
	__builtin_memset(scan, 0, sizeof(*scan));
	k->flags = p->begun ? 0 : CLEW_DATA_RESPONSE;
	got = fetch(p, p->begun ? CLEW_DATA_MAX : REPLY_FIRST);
	if (!got) { /* sendfile, or unreadable */
		half->phase = PHASE_OPAQUE;
		emit_piece(p, 0, 0);
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
		emit_piece(p, got, 1);
		p->begun = 1;
		return k->skip >= k->io.bytes;
	}
	half->phase = PHASE_OPAQUE;
	keep = more || n <= SMALL_CALL ? got : scan->end + AFTER_HEAD;
	emit_piece(p, keep < got ? keep : got, more);
	return 1;
}


#endif
