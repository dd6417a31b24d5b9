/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Go (L1): a goroutine serves the request whose head it has read, and net/http's pooled client says for which goroutine a connection's
 * own goroutine writes. docs/causality.md, "Goroutines".
 *
 * A goroutine is known by the address of its g, which Go keeps in r14 (since 1.17) and never frees; `go` gives it to another one, and is
 * probed for that.
 */
#ifndef CLEW_GO_H
#define CLEW_GO_H

#include <bpf/bpf_tracing.h>

#include "maps.bpf.h"

/* The parts of the runtime's structures that are read, the same from Go 1.18 to 1.26 (tests/e2e/goroutines.py runs the oldest that there is
 * and the newest). A layout that differs fails the checks below, and then there is no evidence. */
struct go_g {
	__u64 stack_lo, stack_hi;
	__u64 guards[2];
	__u64 panic, defer;
	__u64 m; /* the thread that runs it */
	__u64 sp, pc; /* where it goes on: its first instruction, or where it called the scheduler last */
};
/* m begins with g0, on whose stack the scheduler runs. m.curg, the goroutine that the thread runs, is the first of these words since Go 1.25,
 * the second before. */
#define GO_M_CURG 184
#define GO_MAX_DEPTH 8 /* goroutines between the one that serves and one that was started for it */

/* With cfg_started_threads: is a function that requests start goroutines at one whose goroutines work for the request alone? They do if they
 * have ended when the answer begins. A pool's worker has not, unless it ends sooner than requests do. */
#define GO_SAMPLES 64 /* that are looked at */
#define GO_LEAST_ENDED 3
#define GO_LEAST_LATE 8
#define GO_LATE_SHARE 16 /* one in so many may be late */
#define GO_ENDING_NS 1000000 /* what a goroutine that has said that it is done may need for its end */

static __always_inline struct go_at go_at(__u64 address)
{
	const struct go_at at = { .address = address, .tgid = bpf_get_current_pid_tgid() >> 32 };

	return at;
}

static __always_inline struct goroutine *goroutine_of(__u64 g)
{
	const struct go_at at = go_at(g);

	return bpf_map_lookup_elem(&goroutines, &at);
}

/* The goroutine in whose name the thread of `scheduler`, a g0, runs; 0: none. */
static __always_inline __u64 scheduled_by(__u64 scheduler)
{
	__u64 candidates[2];
	struct go_g g0, g;

	if (bpf_probe_read_user(&g0, sizeof(g0), (void *)scheduler) ||
	    bpf_probe_read_user(candidates, sizeof(candidates), (void *)(g0.m + GO_M_CURG)))
		return 0;
	for (int i = 0; i < 2; i++) {
		if (candidates[i] && !bpf_probe_read_user(&g, sizeof(g), (void *)candidates[i]) && g.m == g0.m)
			return candidates[i];
	}
	return 0;
}

/* The goroutine that makes this system call: the g in r14, if the thread runs on its stack. 0: it runs something else, such as C code. May be
 * the scheduler's. */
static __always_inline __u64 calling_goroutine(void)
{
	const struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	const __u64 g = regs->r14, sp = regs->sp;
	__u64 stack[2];

	return !bpf_probe_read_user(stack, sizeof(stack), (void *)g) && sp >= stack[0] && sp < stack[1] ? g : 0;
}

static __always_inline int is_scheduler(__u64 g)
{
	__u64 m, g0;

	return bpf_probe_read_user(&m, sizeof(m), (void *)(g + __builtin_offsetof(struct go_g, m))) ||
	       bpf_probe_read_user(&g0, sizeof(g0), (void *)m) || g0 == g;
}

/* Goroutine `g` is `now` from here on. In place where that can be: a new entry is dear. */
static __always_inline void go_becomes(__u64 g, struct goroutine *e, const struct goroutine *now)
{
	const struct go_at at = go_at(g);

	if (e)
		*e = *now;
	else
		bpf_map_update_elem(&goroutines, &at, now, BPF_ANY);
}

static __always_inline int go_trusts(const struct go_start *s)
{
	return s && !s->refused && s->ended >= GO_LEAST_ENDED && s->ended >= GO_LATE_SHARE * s->late;
}

static __always_inline struct go_start *go_start_of(__u64 pc)
{
	const struct go_at at = go_at(pc);

	return bpf_map_lookup_elem(&go_starts, &at);
}

/* What goroutine `e` has to do with a request, whatever is known of goroutines like it. */
static __always_inline __u64 go_lineage(const struct goroutine *e)
{
	return e && (e->role == GO_READS || e->role == GO_STARTED) ? e->span : 0;
}

/* The live request that goroutine `g` works for, 0: none that is certain. */
static __always_inline __u64 go_works_for(__u64 g)
{
	struct goroutine *e = goroutine_of(g);
	__u64 span = go_lineage(e);
	struct go_start *s;

	if (!span || e->role == GO_READS)
		return span;
	s = go_start_of(e->start);
	if (!bpf_map_lookup_elem(&live, &span)) {
		if (s)
			s->refused = 1; /* it works on behind the answer: for whom? */
		return 0;
	}
	return e->sure && go_trusts(s) ? span : 0;
}

/* The g of goroutine `e` is a new one's now. */
static __always_inline void go_reused(struct goroutine *e)
{
	__u64 span = e->span;
	struct go_start *s = e->role == GO_STARTED ? go_start_of(e->start) : 0;

	if (s && s->ended < GO_SAMPLES && bpf_map_lookup_elem(&live, &span))
		s->ended++; /* before the answer */
	e->role = GO_NONE;
}

/* The request of `c`, in `live` now, was read by this goroutine. */
__noinline int go_serves(const struct conn *c, __u64 span)
{
	if (!c)
		return 0;
	const struct goroutine fresh = { .span = span, .role = GO_READS };
	const __u64 g = calling_goroutine();
	struct goroutine *e = g ? goroutine_of(g) : 0;

	if (!e && (!g || is_scheduler(g)))
		return 0;
	if (e && e->role == GO_READS) { /* does it serve another connection's still? Then goroutines mean nothing here */
		__u64 before = e->span;
		struct live *other = bpf_map_lookup_elem(&live, &before);
		__u32 tgid = bpf_get_current_pid_tgid() >> 32;
		struct proc *p = other && other->conn != c->id ? bpf_map_lookup_elem(&procs, &tgid) : 0;

		if (p) {
			__sync_fetch_and_or(&p->flags, PROC_NO_GO);
			count_stat(STAT_GO_DEMOTED);
		}
	}
	go_becomes(g, e, &fresh);
	return 0;
}

/* The request for which this goroutine writes one. */
static __always_inline __u64 go_parent(void)
{
	const __u64 g = calling_goroutine();
	struct goroutine *e = g ? goroutine_of(g) : 0;
	struct go_at call;
	__u64 *at, span;

	if (!e)
		return 0;
	if (e->role != GO_WRITES)
		return go_works_for(g);
	call = go_at(e->call);
	at = bpf_map_lookup_elem(&go_calls, &call);
	span = at ? *at : 0;
	if (at)
		*at = 0; /* told once */
	return span;
}

enum go_fate {
	GO_FORGOTTEN, /* its g is another goroutine's, see go_reused */
	GO_ENDED,
	GO_LIVES_ON,
};
/* What has become of goroutine `g`, which was started for `span`? */
static __always_inline enum go_fate go_fate(__u64 g, __u64 span, const struct go_family *f)
{
	const struct goroutine *e = goroutine_of(g);
	struct go_g now;

	if (!e || e->role != GO_STARTED || e->span != span || bpf_probe_read_user(&now, sizeof(now), (void *)g))
		return GO_FORGOTTEN;
	return now.pc - f->exit < f->exit_size ? GO_ENDED : GO_LIVES_ON;
}

/* Goroutines that were started for `span`, whose answer begins: have they ended? */
static __always_inline void go_judge(__u64 span)
{
	struct go_family *f = bpf_map_lookup_elem(&go_families, &span);

	if (!f)
		return;
	for (__u32 i = 0; i < GO_FAMILY; i++) {
		struct go_start *s = i < f->size ? go_start_of(f->members[i].start) : 0;
		const __u64 now = bpf_ktime_get_ns();

		if (!s)
			continue;
		if (s->doubt && now - s->doubt_ns > GO_ENDING_NS) {
			if (go_fate(s->doubt, s->doubt_span, f) == GO_LIVES_ON && ++s->late >= GO_LEAST_LATE &&
			    s->late * GO_LATE_SHARE > s->ended)
				s->refused = 1;
			s->doubt = 0;
		}
		switch (go_fate(f->members[i].g, span, f)) {
		case GO_ENDED:
			s->ended++;
			break;
		case GO_LIVES_ON:
			if (s->doubt)
				break;
			s->doubt = f->members[i].g;
			s->doubt_span = span;
			s->doubt_ns = now;
			break;
		case GO_FORGOTTEN:
			break;
		}
	}
	bpf_map_delete_elem(&go_families, &span);
}

/* The live request of `c` is answered by this goroutine. */
static __always_inline void go_answers(const struct conn *c, struct proc *proc)
{
	const __u64 g = calling_goroutine();
	struct goroutine *e = g ? goroutine_of(g) : 0;
	__u64 mine = go_lineage(e), span = c->live_span;
	struct live *l = bpf_map_lookup_elem(&live, &span);

	if (l && l->family)
		go_judge(span);
	if (!mine || mine == span || !bpf_map_lookup_elem(&live, &mine))
		return;
	/* It was to work for another one. */
	if (e->role == GO_READS) {
		__sync_fetch_and_or(&proc->flags, PROC_NO_GO);
		count_stat(STAT_GO_DEMOTED);
	} else {
		struct go_start *s = go_start_of(e->start);

		if (s)
			s->refused = 1;
	}
}

#endif
