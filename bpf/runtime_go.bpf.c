/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The probes in Go's runtime and net/http; agent/runtime/go.cc says where they go. */
#include "lib/runtime.bpf.h"

/* Adds goroutine `g`, which began at `start` and has been started for `span`, to those that are looked at when the answer begins. `exit`:
 * see go_started. */
static __always_inline void go_watch(__u64 span, struct live *request, __u64 g, __u64 start, __u64 exit, __u32 exit_size)
{
	struct go_family fresh = { .exit = exit, .exit_size = exit_size }, *f;
	__u32 at;

	if (!request->family)
		bpf_map_update_elem(&go_families, &span, &fresh, BPF_ANY);
	request->family = 1;
	f = bpf_map_lookup_elem(&go_families, &span);
	if (!f)
		return;
	at = __sync_fetch_and_add(&f->size, 1);
	if (at >= GO_FAMILY) {
		f->size = GO_FAMILY;
		return;
	}
	f->members[at].g = g;
	f->members[at].start = start;
}

/*
 * In newproc's closure, which runs on the scheduler's stack: runqput(p, g, true) is about to be called, g is new. The cookie says where
 * goexit1 is, in which goroutines end: its size, and above it its distance from here.
 */
SEC("uprobe")
int go_started(struct pt_regs *ctx)
{
	const __u64 g = ctx->bx, cookie = bpf_get_attach_cookie(ctx);
	struct goroutine fresh = { .role = GO_STARTED }, *e, *of;
	struct live *request;
	struct go_g started;
	struct go_start *s;
	__u64 span;

	if (!probed_proc(PROC_GO))
		return 0;
	e = goroutine_of(g);
	if (e)
		go_reused(e);
	if (!cfg_started_threads || bpf_probe_read_user(&started, sizeof(started), (void *)g))
		return 0;
	s = go_start_of(started.pc);
	if (s && s->refused)
		return 0;
	of = goroutine_of(scheduled_by(ctx->r14));
	span = go_lineage(of);
	request = span ? bpf_map_lookup_elem(&live, &span) : 0;
	if (!request || of->depth >= GO_MAX_DEPTH)
		return 0;
	if (!s) {
		const struct go_at start = go_at(started.pc);
		const struct go_start unknown = {};

		bpf_map_update_elem(&go_starts, &start, &unknown, BPF_NOEXIST);
		s = go_start_of(started.pc);
		if (!s)
			return 0;
	}
	fresh.span = span;
	fresh.start = started.pc;
	fresh.depth = of->depth + 1;
	fresh.sure = of->role == GO_READS || (of->sure && go_trusts(go_start_of(of->start)));
	go_becomes(g, e, &fresh);
	if (s->ended + s->late < GO_SAMPLES)
		go_watch(span, request, g, started.pc, ctx->ip + ((__s64)cookie >> 32), (__u32)cookie);
	return 0;
}

/* persistConn.roundTrip(pc), with the goroutine in r14: it has a request for the connection pc, on which there is one at a time. */
SEC("uprobe")
int go_round_trip(struct pt_regs *ctx)
{
	const struct go_at call = go_at(ctx->ax);
	__u64 span, *at;

	if (!probed_proc(PROC_GO))
		return 0;
	span = go_works_for(ctx->r14);
	at = bpf_map_lookup_elem(&go_calls, &call);
	if (at)
		*at = span;
	else if (span)
		bpf_map_update_elem(&go_calls, &call, &span, BPF_ANY);
	return 0;
}

/* persistConnWriter.Write(pc): the connection's own goroutine writes. */
SEC("uprobe")
int go_write(struct pt_regs *ctx)
{
	const struct goroutine fresh = { .call = ctx->ax, .role = GO_WRITES };
	struct goroutine *e;

	if (!probed_proc(PROC_GO))
		return 0;
	e = goroutine_of(ctx->r14);
	if (!e || e->role != GO_WRITES || e->call != fresh.call)
		go_becomes(ctx->r14, e, &fresh);
	return 0;
}
