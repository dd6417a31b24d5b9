/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Injection: puts a traceparent line into outgoing HTTP/1.x requests of traced processes. sock_ops (sockops.bpf.c) puts their client
 * sockets into a SOCKHASH, sk_msg (in the sending thread, before the bytes are queued) inserts the line. docs/architecture.md
 * ("Injection") says what living in a SOCKHASH does to a socket and how each effect is avoided. Kernel 5.10.
 */
#include "lib/context.bpf.h"
#include "lib/conn.bpf.h"
#include "lib/io.bpf.h"

#define LINEAR_MAX 32768 /* a message up to this size is pulled into one piece after an insertion */
#define TRACEPARENT_LINE 70 /* name, ": ", 55 characters, CRLF */
#define TRACESTATE_EXTRA 14 /* name, ": ", CRLF */

static __always_inline void hex_text(char *out, const __u8 *bytes, __u32 n)
{
	for (__u32 i = 0; i < n; i++) {
		const __u8 high = bytes[i] >> 4, low = bytes[i] & 15;

		out[2 * i] = high < 10 ? '0' + high : 'a' + high - 10;
		out[2 * i + 1] = low < 10 ? '0' + low : 'a' + low - 10;
	}
}

/* The line, CRLF included, into out[TRACEPARENT_LINE]. */
static __always_inline void traceparent_line(char *out, const struct clew_context *ctx)
{
	__builtin_memcpy(out, "traceparent: 00-", 16);
	hex_text(out + 16, ctx->trace_id, 16);
	out[48] = '-';
	hex_text(out + 49, ctx->span_id, 8);
	out[65] = '-';
	out[66] = '0';
	out[67] = '0' + (ctx->trace_flags & 3);
	out[68] = '\r';
	out[69] = '\n';
}

/* Inserts the context behind the request line, `at` bytes into the message. 0, or -1 with the message as it was. */
static __always_inline int insert(struct sk_msg_md *m, struct scratch *s, const struct clew_context *ctx, __u32 at, __u32 *inserted)
{
	const __u64 parent = id_key(ctx->parent_id);
	struct tracestate *st = 0;
	__u32 state = 0, len = TRACEPARENT_LINE;
	char *d, *e;

	if (ctx->origin == CLEW_ORIGIN_PARENT)
		st = bpf_map_lookup_elem(&states, &parent);
	if (st && st->len && st->len <= STATE_MAX) {
		state = st->len;
		len += TRACESTATE_EXTRA + state;
	}
	traceparent_line(s->view_room, ctx);
	if (bpf_msg_push_data(m, at, len, 0))
		return -1;
	if (bpf_msg_pull_data(m, at, at + len, 0))
		goto undo;
	d = m->data;
	e = m->data_end;
	if (d + TRACEPARENT_LINE > e)
		goto undo;
	__builtin_memcpy(d, s->view_room, TRACEPARENT_LINE);
	if (state) {
		if (d + TRACEPARENT_LINE + 12 > e)
			goto undo;
		__builtin_memcpy(d + TRACEPARENT_LINE, "tracestate: ", 12);
		d += TRACEPARENT_LINE + 12;
		for (__u32 i = 0; i < STATE_MAX; i++) {
			if (i >= state)
				break;
			if (d + 1 > e)
				goto undo;
			*d++ = st->text[i];
		}
		if (d + 2 > e)
			goto undo;
		d[0] = '\r';
		d[1] = '\n';
	}
	/* In one piece again: the kernel sends each piece by itself. */
	if (m->size <= LINEAR_MAX)
		bpf_msg_pull_data(m, 0, m->size, 0);
	*inserted = len;
	return 0;
undo:
	bpf_msg_pop_data(m, at, len, 0);
	return -1;
}

/* Puts our span's id over the parent id of a forwarded header, whose 55 characters begin `at` bytes into the message. */
static __always_inline int rewrite(struct sk_msg_md *m, const struct clew_context *ctx, __u64 at)
{
	char *d = m->data, *e = m->data_end;
	char text[16];

	hex_text(text, ctx->span_id, 8);
	asm volatile("" : "+r"(at)); /* the verifier must see this very register bounded */
	if (at > VIEW)
		return -1;
	d += at + 36;
	if (d + 16 > e)
		return -1;
	__builtin_memcpy(d, text, 16);
	return 0;
}

/* Decides about a complete request head of which the first byte is the message's. Returns enum clew_inject. */
static __always_inline __u32 inject_request(struct sk_msg_md *m, struct conn *c, struct scratch *s, const struct head_scan *scan,
					    __u32 proc_flags, int room, __u32 wseq, __u32 *inserted)
{
	__u32 refused;

	/* A socket that has just come back to the map: decided already at the entry of the system call. */
	const int decided = c->flags & CONN_OUT_READY && c->option == OPTION_ARMED && c->option_seq == wseq;

	c->option = OPTION_NONE;
	if (!decided)
		find_parent(proc_flags, c, &c->out, JAVA_BY_MSG);
	refused = context_refused(&c->head, &c->out);
	if (refused)
		return refused;
	if (c->head.tp_lines)
		return rewrite(m, &c->out, scan->tp_value) ? CLEW_INJECT_SKIP_HELPER : CLEW_INJECT_REWRITTEN;
	if (!room)
		return CLEW_INJECT_SKIP_NO_ROOM;
	return insert(m, s, &c->out, scan->first_line_end, inserted) ? CLEW_INJECT_SKIP_HELPER : CLEW_INJECT_INSERTED;
}

/* Where in the stream are we? True when a request may begin with the first byte of the message. */
static __always_inline int at_request(struct sk_msg_md *m, struct conn *c, const struct tcp_sock *tp)
{
	const __u32 ahead = c->next_seq - tp->write_seq;

	switch (c->inject_phase) {
	case INJECT_START:
		return 1;
	case INJECT_BODY:
		if (!ahead)
			return 1;
		if ((__s32)ahead > 0) { /* run again where the next request begins, not before */
			bpf_msg_apply_bytes(m, ahead);
			return 0;
		}
		c->inject_phase = INJECT_WAIT_REPLY; /* bytes passed that we did not see */
		c->reply_seq = tp->copied_seq;
		return 0;
	case INJECT_ADOPTED:
		c->inject_phase = INJECT_WAIT_REPLY;
		c->reply_seq = tp->copied_seq;
		return 0;
	case INJECT_CHUNKED:
		return c->last_chunk && tp->copied_seq != c->reply_seq;
	case INJECT_WAIT_REPLY:
		return tp->copied_seq != c->reply_seq;
	}
	return 0;
}

/* Does the message end like a last chunk? */
static __always_inline void note_last_chunk(struct sk_msg_md *m, struct conn *c)
{
	const __u32 size = m->size;
	char *d, *e;

	c->last_chunk = 0;
	if (size < 5 || bpf_msg_pull_data(m, size - 5, size, 0))
		return;
	d = m->data;
	e = m->data_end;
	if (d + 5 <= e)
		c->last_chunk = d[0] == '0' && d[1] == '\r' && d[2] == '\n' && d[3] == '\r' && d[4] == '\n';
}

static __always_inline void on_message(struct sk_msg_md *m, struct conn *c, struct tcp_sock *tp, struct scratch *s, __u32 proc_flags)
{
	const __u32 size = m->size, wseq = tp->write_seq;
	const int queued = tp->inet_conn.icsk_inet.sk.sk_wmem_queued, sndbuf = tp->inet_conn.icsk_inet.sk.sk_sndbuf;
	struct head_scan scan = { .names = 1 };
	__u32 inserted = 0, what;
	__u64 n = size < VIEW ? size : VIEW, total;
	/* Insert only where the kernel cannot stop before our bytes have left: it would take them off the count that it tells the
	 * application, which would then send that many bytes twice. */
	const int room = queued == 0 || (sndbuf > queued && (__u32)(sndbuf - queued) > 2 * size + 8192);

	if ((__u64)(m->data_end - m->data) < n && bpf_msg_pull_data(m, 0, n, 0))
		return;
	asm volatile("" : "+r"(n)); /* the verifier must see this very register bounded */
	if (n > VIEW || n == 0)
		return;
	{
		char *d = m->data, *e = m->data_end;

		if (d + 1 > e || (__u64)(e - d) < n || bpf_probe_read_kernel(s->data_room, n, d))
			return;
	}
	scan.n = n;
	__builtin_memset(&c->head, 0, sizeof(c->head));
	if (maybe_request(load8(&s->data, 0), n))
		scan_head(&s->data, &c->head, &scan);
	else
		scan.bad = 1;
	if (scan.bad) {
		if (!c->requests) {
			c->inject_phase = INJECT_OFF;
			set_flags(c, CONN_LEAVE);
			bpf_msg_apply_bytes(m, 0x7fffffff);
			return;
		}
		c->inject_phase = INJECT_WAIT_REPLY;
		c->reply_seq = tp->copied_seq;
		return;
	}
	c->requests++;
	c->big = 0;
	if (!scan.end) { /* wait for the reply before looking again: the rest of this head and its body come first */
		what = n == VIEW ? CLEW_INJECT_SKIP_LARGE_HEAD : CLEW_INJECT_SKIP_SPLIT_HEAD;
		clear_flags(c, CONN_OUT_READY);
		c->option = OPTION_NONE;
		c->out_skip = what;
		c->inject_phase = INJECT_WAIT_REPLY;
		c->reply_seq = tp->copied_seq;
	} else {
		what = inject_request(m, c, s, &scan, proc_flags, room, wseq, &inserted);
		c->out.inject = what;
		if (c->flags & CONN_OPTION && !c->awaits_reply && (what == CLEW_INJECT_SKIP_NO_ROOM || what == CLEW_INJECT_SKIP_HELPER)) {
			option_arm(c, wseq);
			what = CLEW_INJECT_OPTION;
		}
		set_flags(c, CONN_OUT_READY);
		c->inserted += inserted;
		total = (__u64)scan.end + inserted + (c->head.has_length ? c->head.length : 0);
		c->reply_seq = tp->copied_seq;
		if (c->head.chunked || total > 1U << 30) {
			c->inject_phase = c->head.chunked ? INJECT_CHUNKED : INJECT_WAIT_REPLY;
			note_last_chunk(m, c);
		} else {
			c->inject_phase = INJECT_BODY;
			c->next_seq = wseq + total;
			c->big = 2 * total + 8192 > (__u64)(sndbuf > queued ? sndbuf - queued : 0);
			bpf_msg_apply_bytes(m, total);
		}
	}
	if (c->flags & CONN_SELFTEST) {
		if (what == CLEW_INJECT_INSERTED)
			count_stat(STAT_SELFTEST_INSERTED);
	} else if (what != CLEW_INJECT_OPTION) { /* counted when it has left */
		count_in(&injects, what, 1);
	}
}

SEC("sk_msg")
int inject_message(struct sk_msg_md *m)
{
	struct bpf_sock *sk = m->sk;
	__u32 slot = SCRATCH_MSG, proc_flags = 0;
	struct tcp_sock *tp;
	struct scratch *s;
	struct proc *proc;
	struct conn *c;

	bpf_msg_apply_bytes(m, 0); /* sticky: the value of the run before would hold for the rest of the message */
	if (!sk)
		return SK_PASS;
	c = sock_conn(sk);
	tp = bpf_skc_to_tcp_sock(sk);
	if (!c || !tp)
		return SK_PASS;
	if (c->flags & CONN_EVICTED) { /* user space has put it back */
		clear_flags(c, CONN_EVICTED);
		set_flags(c, CONN_IN_MAP);
	}
	if (c->inject_phase == INJECT_OFF) {
		bpf_msg_apply_bytes(m, 0x7fffffff);
		return SK_PASS;
	}
	if (!(c->flags & CONN_SELFTEST)) {
		proc = known_proc(bpf_get_current_pid_tgid() >> 32);
		if (!proc)
			return SK_PASS;
		proc_flags = proc->flags;
	}
	if (!at_request(m, c, tp)) {
		if (c->inject_phase == INJECT_CHUNKED)
			note_last_chunk(m, c);
		return SK_PASS;
	}
	s = bpf_map_lookup_elem(&scratches, &slot);
	if (!s)
		return SK_PASS;
	/* This program can be interrupted by itself in another task, which must not write into the same working memory. */
	if (__sync_lock_test_and_set(&s->busy, 1)) {
		count_in(&injects, CLEW_INJECT_SKIP_BUSY, 1);
		c->out_skip = CLEW_INJECT_SKIP_BUSY;
		c->inject_phase = INJECT_WAIT_REPLY;
		c->reply_seq = tp->copied_seq;
		return SK_PASS;
	}
	on_message(m, c, tp, s, proc_flags);
	s->busy = 0;
	return SK_PASS;
}
