/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The TCP option that carries a request's context between two machines that run Clew: its bytes, and how they are found among a
 * segment's options. Plain C, also compiled for the host, where it is tested and fuzzed: what comes from a peer is anything.
 *
 *   kind 253 | length 28 | id u16be, 0xc1e4 + flags (W3C: bit 0 sampled, bit 1 random) | trace id [16] | span id [8]
 *
 * 28 bytes is all that timestamps leave of the 40; so the flags are four ids. Kind 253 is for experiments, told apart by the id
 * (RFC 6994). Span id: that of the CLIENT span of the request whose first byte is the segment's first byte.
 */
#ifndef CLEW_OPTION_H
#define CLEW_OPTION_H

#define OPTION_KIND 253
#define OPTION_SIZE 28
#define OPTION_ID_HIGH 0xc1
#define OPTION_ID_LOW 0xe4 /* and the flags in the two lowest bits */
#define OPTIONS_MAX 40 /* bytes of options that a TCP header can have */

/* A segment's options, and room behind them that a read may begin in. */
struct option_bytes {
	__u8 b[OPTIONS_MAX + OPTION_SIZE];
};
struct option_value {
	__u8 trace_id[16];
	__u8 span_id[8];
	__u8 flags;
	__u8 pad[7];
};

static __always_inline int option_all_zero(const __u8 *bytes, __u32 n)
{
	__u8 all = 0;

	for (__u32 i = 0; i < n; i++)
		all |= bytes[i];
	return !all;
}

static __always_inline void option_put(__u8 *out, const __u8 *trace_id, const __u8 *span_id, __u8 flags)
{
	out[0] = OPTION_KIND;
	out[1] = OPTION_SIZE;
	out[2] = OPTION_ID_HIGH;
	out[3] = OPTION_ID_LOW | (flags & 3);
	__builtin_memcpy(out + 4, trace_id, 16);
	__builtin_memcpy(out + 20, span_id, 8);
}

/* Finds ours among the first `n` <= OPTIONS_MAX bytes. 1: `out` is filled; 0: none, a damaged one, or one with an invalid id. */
static __always_inline int option_get(const struct option_bytes *options, __u32 n, struct option_value *out)
{
	__u32 at = 0;

	for (__u32 i = 0; i < OPTIONS_MAX; i++) {
		__u32 kind, len;

		if (at >= n || at >= OPTIONS_MAX)
			return 0;
		kind = options->b[at];
		if (kind == 0) /* end of list */
			return 0;
		if (kind == 1) { /* padding */
			at++;
			continue;
		}
		len = options->b[at + 1];
		if (len < 2 || at + len > n)
			return 0;
		if (kind == OPTION_KIND && len == OPTION_SIZE && options->b[at + 2] == OPTION_ID_HIGH &&
		    (options->b[at + 3] & ~3) == OPTION_ID_LOW)
			break;
		at += len;
	}
	if (at + OPTION_SIZE > n || at > OPTIONS_MAX - OPTION_SIZE || options->b[at] != OPTION_KIND)
		return 0;
	__builtin_memcpy(out->trace_id, options->b + at + 4, 16);
	__builtin_memcpy(out->span_id, options->b + at + 20, 8);
	out->flags = options->b[at + 3] & 3;
	return !option_all_zero(out->trace_id, 16) && !option_all_zero(out->span_id, 8);
}

#endif
