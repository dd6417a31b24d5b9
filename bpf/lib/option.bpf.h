/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The TCP option from a request's decision to its segment, and from the segment to the request that is read (lib/option.h has its
 * bytes; docs/adr/0006-tcp-option.md the reasons). Header options: kernel 5.10.
 *
 * Sender: the sending thread decides the context before the request's first byte is queued and arms the option at that byte's sequence
 * number; the kernel asks for each segment how much room is wanted, and then for the bytes. Only the segment that begins with just that
 * byte gets them, so no request can have another one's. Both run under the socket's lock.
 *
 * Receiver: what comes is kept under socket and sequence number, and taken when a request has been read whose first byte has that number.
 */
#ifndef CLEW_OPTION_BPF_H
#define CLEW_OPTION_BPF_H

#include "maps.bpf.h"

/* May options go to the peer at this address, and come from it? `v6` is used unless `family` is AF_INET. Network order. */
static __always_inline int option_network(__u32 family, __u32 v4, const __u32 *v6)
{
	struct network peer = { .prefix = 128 };
	const __u32 mapped[4] = { 0, 0, __builtin_bswap32(0xffff), v4 };

	__builtin_memcpy(peer.address, family == AF_INET ? mapped : v6, sizeof(peer.address));
	return option_on && bpf_map_lookup_elem(&option_networks, &peer) != 0;
}

/* The request that begins at `seq` is to carry c->out. Under the socket's lock, or before the system call that queues it. */
static __always_inline void option_arm(struct conn *c, __u32 seq)
{
	c->option = OPTION_NONE;
	c->out.inject = CLEW_INJECT_OPTION;
	c->option_seq = seq;
	asm volatile("" ::: "memory"); /* x86 stores in order */
	c->option = OPTION_ARMED;
}

static __always_inline void option_give_up(struct conn *c, __u8 why)
{
	c->option = OPTION_NONE;
	c->out.inject = why;
	count_in(&injects, why, 1);
}

/* The request's first segment is not acknowledged, and what is sent now can be that one again: the machine itself dropped it, something
 * was lost, or nothing else is there to be sent. */
static __always_inline int option_again(struct bpf_sock_ops *ops, struct conn *c)
{
	struct bpf_sock *sk = ops->sk;
	struct tcp_sock *tp;

	if (c->option != OPTION_SENT || ops->snd_una != c->option_seq || !sk)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	return ops->snd_nxt == c->option_seq || ops->lost_out || (tp && tp->write_seq == ops->snd_nxt);
}

/* BPF_SOCK_OPS_HDR_OPT_LEN_CB: how much room does this segment need, or (no segment yet) do segments from now on? */
static __always_inline void option_room(struct bpf_sock_ops *ops, struct conn *c)
{
	const int armed = c->option == OPTION_ARMED, always = c->option == OPTION_PROBE || option_again(ops, c);
	__s32 past;

	if (c->flags & CONN_IGNORE) { /* does not speak HTTP: ask no more */
		bpf_sock_ops_cb_flags_set(ops, ops->bpf_sock_ops_cb_flags & ~BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG);
		return;
	}
	if (ops->args[0] == BPF_WRITE_HDR_TCP_CURRENT_MSS) {
		/* A request may begin with what is queued next: cut shorter, so that its first segment has room however long it is. */
		const int may = always || armed || (!c->awaits_reply && !(c->flags & CONN_IN_MAP));

		c->option_room = may && !bpf_reserve_hdr_opt(ops, OPTION_SIZE, 0);
		return;
	}
	if (!ops->skb_len || !(armed || always))
		return;
	past = ops->snd_nxt - c->option_seq;
	if (armed && past < 0)
		return; /* bytes before it */
	if (armed && past > 0) {
		option_give_up(c, CLEW_INJECT_SKIP_OPTION_PLACE);
		return;
	}
	if ((!c->option_room && ops->skb_len + OPTION_SIZE > ops->mss_cache) || bpf_reserve_hdr_opt(ops, OPTION_SIZE, 0)) {
		if (armed)
			option_give_up(c, CLEW_INJECT_SKIP_OPTION_ROOM);
	}
}

/* The sequence number in a TCP header, whose first byte is `data`. Host order; 0 on success. */
static __always_inline int segment_seq(void *data, void *end, __u32 *seq)
{
	__u32 *words = data;

	if ((void *)(words + 5) > end)
		return -1;
	*seq = __builtin_bswap32(words[1]);
	return 0;
}

/* BPF_SOCK_OPS_WRITE_HDR_OPT_CB: room was made. What is not used of it the kernel fills with padding. */
static __always_inline void option_write(struct bpf_sock_ops *ops, struct conn *c)
{
	const __u8 state = c->option;
	__u8 bytes[OPTION_SIZE];
	__u32 seq;

	if (state == OPTION_NONE || segment_seq(ops->skb_data, ops->skb_data_end, &seq))
		return;
	if (state != OPTION_PROBE && seq != c->option_seq)
		return; /* another segment, sent again */
	option_put(bytes, c->out.trace_id, c->out.span_id, c->out.trace_flags);
	if (bpf_store_hdr_opt(ops, bytes, sizeof(bytes), 0))
		return;
	if (state == OPTION_PROBE)
		count_stat(STAT_SELFTEST_OPTIONS);
	if (state != OPTION_ARMED)
		return;
	c->option = OPTION_SENT;
	count_in(&injects, CLEW_INJECT_OPTION, 1);
}

/* BPF_SOCK_OPS_PARSE_HDR_OPT_CB: a segment came with an option that the kernel does not know. */
static __always_inline void option_receive(struct bpf_sock_ops *ops)
{
	struct option_key key = {};
	struct option_bytes bytes = {};
	struct option_value value = {};
	struct bpf_sock *sk = ops->sk;
	__u32 *words = ops->skb_data;
	void *end = ops->skb_data_end;
	struct last_option *last;
	__u64 span;
	__u32 n = 0;

	if (!sk || segment_seq(words, end, &key.seq))
		return;
	words += 5;
	for (__u32 i = 0; i < OPTIONS_MAX / 4; i++) { /* a header is whole words */
		if ((void *)(words + i + 1) > end)
			break;
		__builtin_memcpy(bytes.b + 4 * i, words + i, 4);
		n += 4;
	}
	if (!option_get(&bytes, n, &value))
		return;
	count_stat(STAT_OPTION_RECEIVED);
	last = bpf_sk_storage_get(&last_options, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!last)
		return;
	__builtin_memcpy(&span, value.span_id, 8);
	if (last->span == span && (__s32)(key.seq - last->seq) >= 0)
		return; /* a later segment of the same packet, or the same one again */
	last->span = span;
	last->seq = key.seq;
	key.sk = (__u64)sk;
	bpf_map_update_elem(&options, &key, &value, BPF_ANY);
}

/* What came for the request in c->head. 1: `out` is filled, and taken. */
static __always_inline int option_take(const struct conn *c, struct option_value *out)
{
	struct option_key key = { .sk = c->sk, .seq = c->head_seq };
	struct option_value *found;

	if (!option_on || !c->tcp)
		return 0;
	found = bpf_map_lookup_elem(&options, &key);
	if (!found)
		return 0;
	*out = *found;
	bpf_map_delete_elem(&options, &key);
	return 1;
}

#endif
