/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Scanner of HTTP/1.x request heads: finds trace context, body length and the end of the head, in whatever pieces the head comes.
 * Plain C over a byte buffer, also compiled for the host, where it is fuzzed and compared with the user-space parser.
 *
 * A line is examined when its end is in view. An unfinished line is carried over (its first CARRY bytes: enough for every header
 * that matters but tracestate, which is then dropped).
 */
#ifndef CLEW_HEAD_H
#define CLEW_HEAD_H

#define VIEW 4096 /* bytes examined at a time: a power of two, offsets are masked for the verifier */
#define VIEW_PAD 128 /* readable bytes behind them */
#define CARRY 96
#define STATE_LINES 4
/* What a request head said so far. Lives across the pieces in which a head arrives. */
struct head {
	__u64 length; /* Content-Length */
	__u8 trace_id[16];
	__u8 parent_id[8];
	__u8 b3_trace_id[16];
	__u8 b3_parent_id[8];
	__u8 trace_flags;
	__u8 b3_flags;
	__u8 tp_lines; /* traceparent headers seen; above 1 the trace restarts */
	__u8 tp_valid;
	__u8 b3_seen; /* bit 0 trace id, 1 span id, 2 sampled decision */
	__u8 has_length;
	__u8 chunked;
	__u8 carry_len; /* bytes of an unfinished line in `carry` */
	__u8 carry_cut; /* the line is longer than that */
	__u8 got_line; /* the request line has been checked */
	__u8 pad[6];
	__u32 bytes; /* of this head so far */
	__u32 pad2;
	char carry[CARRY];
};

struct view {
	char b[VIEW + VIEW_PAD];
};

/* One look at the bytes in view; offsets count from its first byte. Holds no pointers: global functions, which the verifier checks
 * once and not per caller, take only plain memory. */
struct head_scan {
	__u32 n; /* valid bytes */
	__u32 pos; /* next byte to look at */
	__u32 line; /* start of the current line */
	__u32 end; /* just after the blank line; 0: not in view */
	__u32 first_line_end; /* just after the request line, when it ends in view */
	__u32 tp_value; /* start of the traceparent's 55 characters; 0: none in view */
	__u32 bad; /* not an HTTP/1.x request */
	__u32 names; /* 0: only look for the end (responses) */
	__u32 in_view; /* which buffer was scanned: scratch->view (1) or ->data */
	__u32 state_lines;
	__u32 state_at[STATE_LINES];
	__u32 state_len[STATE_LINES];
};

/* The verifier must see every offset masked just before use; the compiler, which knows better, would drop the mask. */
static __always_inline __u64 at_most(__u64 at)
{
	asm volatile("" : "+r"(at));
	return at & (VIEW - 1);
}
static __always_inline __u64 load8(const struct view *v, __u32 at)
{
	__u64 w;

	__builtin_memcpy(&w, v->b + at_most(at), 8);
	return w;
}
static __always_inline __u8 load1(const struct view *v, __u32 at)
{
	return v->b[at_most(at)];
}

/* Bytes 0x41-0x5a and, harmlessly for comparing, others get bit 5. */
static __always_inline __u64 lower8(__u64 w)
{
	return w | 0x2020202020202020ULL;
}
#define C4(a, b, c, d) ((__u32)(a) | (__u32)(b) << 8 | (__u32)(c) << 16 | (__u32)(d) << 24)
#define C8(a, b, c, d, e, f, g, h) ((__u64)C4(a, b, c, d) | (__u64)C4(e, f, g, h) << 32)

static __always_inline int is_upper(__u8 c)
{
	return (__u8)(c - 'A') < 26 || c == '-' || c == '_';
}

/*
 * Could `w`, the first n <= 8 bytes of a message, begin a request? Any upper-case token will do; the request line
 * decides when it is complete. A lone CR or LF before a request is not taken for one (RFC 9112 2.2 lets servers skip it; user space does).
 */
__noinline int maybe_request(__u64 w, __u32 n)
{
	if (n == 0 || !is_upper(w & 0xff) || (w & 0xff) == '-')
		return 0;
	if (n >= 2 && !is_upper(w >> 8 & 0xff))
		return 0;
	if (n >= 3 && !is_upper(w >> 16 & 0xff))
		return 0;
	if (n >= 4 && !is_upper(w >> 24 & 0xff) && (w >> 24 & 0xff) != ' ')
		return 0;
	/* "HTTP/" is a response */
	if (n >= 5 && (w & 0xffffffffffULL) == (C8('H', 'T', 'T', 'P', '/', 0, 0, 0)))
		return 0;
	return 1;
}
/* Do the first n bytes begin a response? Fewer than eight cannot tell: they do if one is `expected` here and they fit. */
__noinline int begins_response(__u64 w, __u32 n, int expected)
{
	const __u64 differs = w ^ C8('H', 'T', 'T', 'P', '/', '1', '.', 0);

	if (n >= 8)
		return !(differs & 0xffffffffffffffULL);
	return expected && n > 0 && !(differs << (64 - 8 * n));
}

static __always_inline int hex_value(__u8 c, int any_case)
{
	if ((__u8)(c - '0') < 10)
		return c - '0';
	if (any_case)
		c |= 0x20;
	if ((__u8)(c - 'a') < 6)
		return c - 'a' + 10;
	return -1;
}

struct hex_out {
	__u8 b[16];
};
/* Decodes `bytes` <= 16 pairs of hex digits at `at`. 0; 1 when all were zero; -1 for anything else. */
__noinline int decode_hex(const struct view *view, __u32 at, __u32 bytes, int any_case, struct hex_out *out)
{
	__u32 all = 0;

	if (!view || !out)
		return -1;
	for (__u32 i = 0; i < 16; i++) {
		int high, low;

		if (i >= bytes)
			break;
		high = hex_value(load1(view, at + 2 * i), any_case);
		low = hex_value(load1(view, at + 2 * i + 1), any_case);
		if (high < 0 || low < 0)
			return -1;
		out->b[i] = high << 4 | low;
		all |= out->b[i];
	}
	return !all;
}

/* The value of a line, white space around it (8 characters at most) cut off: start << 32 | length. */
__noinline __u64 trim_value(const struct view *view, __u32 at, __u32 end)
{
	if (!view)
		return 0;
	for (int i = 0; i < 8; i++) {
		const __u8 c = load1(view, at);

		if (at >= end || (c != ' ' && c != '\t'))
			break;
		at++;
	}
	for (int i = 0; i < 8; i++) {
		const __u8 c = load1(view, end - 1);

		if (end <= at || (c != ' ' && c != '\t'))
			break;
		end--;
	}
	return (__u64)at << 32 | (end - at);
}
struct value {
	__u32 at;
	__u32 len;
};
static __always_inline struct value trim(const struct view *view, __u32 at, __u32 end)
{
	const __u64 packed = trim_value(view, at, end);
	struct value v = { .at = packed >> 32, .len = (__u32)packed };

	return v;
}

/* W3C Trace Context level 2, section 3.2. A second traceparent header makes the first one invalid. */
__noinline int on_traceparent(const struct view *view, struct head *h, struct head_scan *c, __u32 at, __u32 end)
{
	if (!view || !h || !c)
		return 0;

	struct value v = trim(view, at, end);
	struct hex_out out;
	__u8 version;

	if (h->tp_lines < 2)
		h->tp_lines++;
	h->tp_valid = 0;
	if (h->tp_lines > 1 || v.len < 55)
		return 0;
	at = v.at;
	c->tp_value = at;
	if (decode_hex(view, at, 1, 0, &out) < 0 || out.b[0] == 0xff)
		return 0;
	version = out.b[0];
	if (version == 0 ? v.len != 55 : v.len > 55 && load1(view, at + 55) != '-')
		return 0;
	if (load1(view, at + 2) != '-' || load1(view, at + 35) != '-' || load1(view, at + 52) != '-')
		return 0;
	if (decode_hex(view, at + 3, 16, 0, &out))
		return 0;
	__builtin_memcpy(h->trace_id, out.b, 16);
	if (decode_hex(view, at + 36, 8, 0, &out))
		return 0;
	__builtin_memcpy(h->parent_id, out.b, 8);
	if (decode_hex(view, at + 53, 1, 0, &out) < 0)
		return 0;
	h->trace_flags = out.b[0] & 3; /* sampled and random-trace-id: unknown bits are not forwarded */
	h->tp_valid = 1;
	return 0;
}

/* A B3 trace id of 16 or 32 digits; a short one is the low half. 0, or -1. */
static __always_inline int b3_trace(const struct view *view, struct head *h, __u32 at, __u32 digits)
{
	struct hex_out out;

	if ((digits != 16 && digits != 32) || decode_hex(view, at, digits / 2, 1, &out))
		return -1;
	__builtin_memset(h->b3_trace_id, 0, 16);
	if (digits == 32)
		__builtin_memcpy(h->b3_trace_id, out.b, 16);
	else
		__builtin_memcpy(h->b3_trace_id + 8, out.b, 8);
	return 0;
}
static __always_inline int b3_span(const struct view *view, struct head *h, __u32 at)
{
	struct hex_out out;

	if (decode_hex(view, at, 8, 1, &out))
		return -1;
	__builtin_memcpy(h->b3_parent_id, out.b, 8);
	return 0;
}
#define B3_TRACE 1
#define B3_SPAN 2
#define B3_DECIDED 4
#define B3_BAD 8
static __always_inline void b3_sampled(struct head *h, __u8 c)
{
	h->b3_seen |= B3_DECIDED;
	h->b3_flags = c == '1' || c == 'd' || c == 't' || c == 'T';
}

/* b3: {trace id}-{span id}[-{sampled}[-{parent}]], or only the decision. */
__noinline int on_b3(const struct view *view, struct head *h, struct head_scan *c, __u32 at, __u32 end)
{
	if (!view || !h || !c)
		return 0;
	const struct value v = trim(view, at, end);
	__u32 digits = 32;

	at = v.at;
	if (v.len == 1) {
		b3_sampled(h, load1(view, at));
		return 0;
	}
	if (v.len >= 33 && load1(view, at + 16) == '-')
		digits = 16;
	if (v.len < digits + 17 || load1(view, at + digits) != '-' || b3_trace(view, h, at, digits) ||
	    b3_span(view, h, at + digits + 1)) {
		h->b3_seen |= B3_BAD;
		return 0;
	}
	h->b3_seen |= B3_TRACE | B3_SPAN;
	if (v.len >= digits + 19 && load1(view, at + digits + 17) == '-')
		b3_sampled(h, load1(view, at + digits + 18));
	return 0;
}

__noinline int on_b3_multi(const struct view *view, struct head *h, struct head_scan *c, __u32 at, __u32 end)
{
	if (!view || !h || !c)
		return 0;
	const __u64 name = lower8(load8(view, at + 5)); /* after "x-b3-" */

	if (name == C8('t', 'r', 'a', 'c', 'e', 'i', 'd', ':')) {
		const struct value v = trim(view, at + 13, end);

		h->b3_seen |= b3_trace(view, h, v.at, v.len) ? B3_BAD : B3_TRACE;
	} else if ((name & 0xffffffffffffffULL) == C8('s', 'p', 'a', 'n', 'i', 'd', ':', 0)) {
		const struct value v = trim(view, at + 12, end);

		h->b3_seen |= v.len != 16 || b3_span(view, h, v.at) ? B3_BAD : B3_SPAN;
	} else if (name == C8('s', 'a', 'm', 'p', 'l', 'e', 'd', ':')) {
		const struct value v = trim(view, at + 13, end);

		if (v.len)
			b3_sampled(h, load1(view, v.at));
	}
	return 0;
}

__noinline int on_length(const struct view *view, struct head *h, struct head_scan *c, __u32 at, __u32 end)
{
	if (!view || !h || !c)
		return 0;
	const struct value v = trim(view, at, end);
	__u64 length = 0;

	for (__u32 i = 0; i < 19; i++) { /* 19 digits fit into 64 bits */
		const __u8 d = load1(view, v.at + i) - '0';

		if (i >= v.len)
			break;
		if (d > 9)
			return 0; /* not a number: length stays unknown, the body opaque */
		length = length * 10 + d;
	}
	if (!v.len || v.len > 19)
		return 0;
	if (h->has_length && h->length != length)
		h->chunked = 1; /* they contradict each other: let user space decide */
	h->has_length = 1;
	h->length = length;
	return 0;
}

/* A complete line [at, nl), without its LF. */
static __always_inline void on_line(const struct view *view, struct head *h, struct head_scan *c, __u32 at, __u32 nl)
{
	__u32 end = nl;
	__u64 w0, w1;

	if (end > at && load1(view, end - 1) == '\r')
		end--;
	if (!h->got_line) { /* method SP target SP HTTP/1.x */
		h->got_line = 1;
		c->first_line_end = nl + 1;
		if (!h->carry_cut && (end - at < 14 || load8(view, end - 8) << 8 != C8(0, 'H', 'T', 'T', 'P', '/', '1', '.')))
			c->bad = 1;
		return;
	}
	if (end - at < 4 || h->carry_cut)
		return;
	w0 = lower8(load8(view, at));
	w1 = lower8(load8(view, at + 8));
	if (w0 == C8('t', 'r', 'a', 'c', 'e', 'p', 'a', 'r') && (__u32)w1 == C4('e', 'n', 't', ':')) {
		on_traceparent(view, h, c, at + 12, end);
	} else if (w0 == C8('t', 'r', 'a', 'c', 'e', 's', 't', 'a') && (w1 & 0xffffff) == C4('t', 'e', ':', 0)) {
		const struct value v = trim(view, at + 11, end);
		const __u32 k = c->state_lines;

		if (k < STATE_LINES) {
			c->state_at[k] = v.at;
			c->state_len[k] = v.len;
		}
		c->state_lines = k + 1;
	} else if (w0 == C8('t', 'r', 'a', 'n', 's', 'f', 'e', 'r') && w1 == C8('-', 'e', 'n', 'c', 'o', 'd', 'i', 'n')) {
		h->chunked = 1;
	} else if (w0 == C8('c', 'o', 'n', 't', 'e', 'n', 't', '-') &&
		   (w1 & 0xffffffffffffffULL) == C8('l', 'e', 'n', 'g', 't', 'h', ':', 0)) {
		on_length(view, h, c, at + 15, end);
	} else if ((w0 & 0xffffff) == C4('b', '3', ':', 0)) {
		on_b3(view, h, c, at + 3, end);
	} else if ((w0 & 0xffffffffffULL) == C8('x', '-', 'b', '3', '-', 0, 0, 0)) {
		on_b3_multi(view, h, c, at, end);
	}
}

struct scan_at {
	const struct view *view;
	struct head *head;
	struct head_scan *scan;
};

/* One step: eight bytes, or up to the end of one line. */
static long scan_step(__u32 i, void *ctx)
{
	const struct scan_at *a = ctx;
	const struct view *view = a->view;
	struct head_scan *c = a->scan;
	const __u32 pos = c->pos;
	const __u32 line = c->line;
	__u64 x;
	__u32 nl;

	(void)i;
	if (pos >= c->n || pos >= VIEW)
		return 1;
	x = load8(view, pos) ^ 0x0a0a0a0a0a0a0a0aULL;
	x = (x - 0x0101010101010101ULL) & ~x & 0x8080808080808080ULL; /* exact up to the lowest match, which is all we use */
	if (!x) {
		c->pos = pos + 8;
		return 0;
	}
	/* Index of the lowest set byte; __builtin_ctzll makes clang 14's BPF back end loop. */
	nl = pos + (__u32)((((((x & -x) - 1) & 0x0101010101010101ULL) * 0x0101010101010101ULL) >> 56) - 1);
	if (nl >= c->n || nl >= VIEW)
		return 1;
	c->pos = nl + 1;
	c->line = nl + 1;
	if (nl == line || (nl == line + 1 && load1(view, line) == '\r')) {
		if (c->names && !a->head->got_line)
			c->bad = 1;
		c->end = nl + 1;
		return 1;
	}
	if (c->names) {
		on_line(view, a->head, c, line, nl);
		a->head->carry_cut = 0;
	}
	return c->bad != 0;
}

/* Looks at the first scan->n bytes in view. Sets scan->end when the blank line is there, scan->bad when this is no HTTP/1.x request. */
__noinline int scan_head(const struct view *view, struct head *head, struct head_scan *scan)
{
	if (!view || !head || !scan)
		return 0;
	struct scan_at at = { .view = view, .head = head, .scan = scan };

	bpf_loop(VIEW / 8 + 512, scan_step, &at, 0);
	return 0;
}

/* Keeps the unfinished line for the next piece. */
static __always_inline void carry_line(const struct view *view, struct head *h, const struct head_scan *c)
{
	__u32 left = c->n > c->line ? c->n - c->line : 0;

	if (left > CARRY) {
		left = CARRY;
		h->carry_cut = 1;
	}
	h->carry_len = left;
	__builtin_memcpy(h->carry, view->b + at_most(c->line), CARRY);
}

#endif
