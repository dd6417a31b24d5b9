/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Writes the records about bytes that moved. */
#ifndef CLEW_EMIT_H
#define CLEW_EMIT_H

#include "conn.bpf.h"
#include "io.bpf.h"

/* One call that moved bytes on a traced socket. No pointers: global functions take it. */
struct call {
	struct io io;
	__u64 offset; /* stream offset of its first byte */
	__u32 egress;
	__u32 blocking;
	/* The part of it that one DATA record stands for: `size` bytes from `skip` on, the first `captured` of them copied. */
	__u32 skip;
	__u32 size;
	__u32 captured;
	__u32 flags; /* CLEW_DATA_*; with REQUEST or CONTEXT, scratch->event.ctx is set */
	__u32 seq; /* of the call's first byte on the wire, 0: not known */
	__u32 pad;
};

static __always_inline struct room *data_room(struct scratch *s)
{
	return (struct room *)s->data_room;
}
static __always_inline struct room *view_room(struct scratch *s)
{
	return (struct room *)s->view_room;
}

/* The call's last bytes, at most 8, into dst. Overwrites scratch->view. */
static __always_inline __u8 copy_last(struct call *k, struct scratch *s, __u8 *dst)
{
	const __u32 n = k->io.bytes < 8 ? k->io.bytes : 8;
	const int got = io_copy(&k->io, k->io.bytes - n, n, view_room(s));

	__builtin_memcpy(dst, s->view.b, 8);
	return got < 8 ? got : 8;
}

/* A DATA record of the call's current part, whose bytes are in scratch->data. */
__noinline int emit_data(struct call *k, struct conn *c, struct scratch *s)
{
	if (!k || !c || !s)
		return 0;
	struct clew_data_event *e = &s->event;
	__u64 n = k->captured;

	fill_header(&e->h, CLEW_EVENT_DATA, c->id);
	e->h.direction = k->egress ? CLEW_EGRESS : CLEW_INGRESS;
	e->h.fd = k->io.fd;
	e->offset = k->offset + k->skip;
	e->size = k->size;
	e->seq = k->seq ? k->seq + k->skip : 0;
	e->last_len = 0;
	if (k->captured < k->size) {
		k->flags |= CLEW_DATA_TRUNCATED;
		e->last_len = copy_last(k, s, e->last);
	}
	e->flags = k->flags;
	if (!(k->flags & (CLEW_DATA_REQUEST | CLEW_DATA_CONTEXT)))
		__builtin_memset(&e->ctx, 0, sizeof(e->ctx));
	asm volatile("" : "+r"(n)); /* the verifier must see this very register bounded */
	if (n > CLEW_DATA_MAX)
		n = CLEW_DATA_MAX;
	e->captured = n;
	if (bpf_ringbuf_output(&events, e, sizeof(*e) + n, wake_flags()))
		count_drop(CLEW_DROP_RING_FULL);
	return 0;
}

/* A BYTES record to be filled further and submitted; NULL, and counted, when there is no room. */
static __always_inline struct clew_bytes_event *reserve_bytes(struct conn *c, __u32 egress, __u64 offset, __u32 size)
{
	struct clew_bytes_event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		count_drop(CLEW_DROP_RING_FULL);
		return 0;
	}
	__builtin_memset(e, 0, sizeof(*e));
	fill_header(&e->h, CLEW_EVENT_BYTES, c->id);
	e->h.direction = egress ? CLEW_EGRESS : CLEW_INGRESS;
	e->offset = offset;
	e->size = size;
	return e;
}

/* A BYTES record: the call's bytes lie inside a message; only both ends are kept. */
__noinline int emit_bytes(struct call *k, struct conn *c, struct scratch *s)
{
	struct clew_bytes_event *e;

	if (!k || !c || !s)
		return 0;
	e = reserve_bytes(c, k->egress, k->offset, k->io.bytes);
	if (!e)
		return 0;
	e->h.fd = k->io.fd;
	if (k->io.bytes >= 16 && io_copy(&k->io, 0, 16, view_room(s)) == 16) {
		__builtin_memcpy(e->first, s->view.b, 16);
		e->first_len = 16;
		e->last_len = copy_last(k, s, e->last);
	}
	bpf_ringbuf_submit(e, wake_flags());
	return 0;
}

#endif
