/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* One call as it is worked on, and where its bytes are in their direction and on the wire. */
#ifndef CLEW_POSITION_H
#define CLEW_POSITION_H

#include "emit.bpf.h"

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


#endif
