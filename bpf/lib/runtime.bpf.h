/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a runtime says about whom its threads work for, in processes that have its probes (agent/runtime/): the one place that knows all
 * of them. What there is to be told about processes without probes is in context.bpf.h.
 */
#ifndef CLEW_RUNTIME_H
#define CLEW_RUNTIME_H

#include "conn.bpf.h"
#include "go.bpf.h"
#include "java.bpf.h"
#include "loop.bpf.h"
#include "nginx.bpf.h"
#include "python.bpf.h"

/* The current process if it is traced and has the probes that `flag` stands for. This comes before any look at its memory. */
static __always_inline struct proc *probed_proc(__u32 flag)
{
	const __u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct proc *p = bpf_map_lookup_elem(&procs, &tgid);

	return p && (p->flags & (PROC_TRACED | flag)) == (PROC_TRACED | flag) ? p : 0;
}

static __always_inline int follows_goroutines(__u32 proc_flags)
{
	return (proc_flags & (PROC_GO | PROC_NO_GO)) == PROC_GO;
}

/* A runtime is asked here, so what a thread has read before means nothing. */
static __always_inline int runtime_decides(__u32 proc_flags)
{
	return proc_flags & (PROC_NGINX | PROC_GO) || follows_loops(proc_flags);
}

/* What the runtime said contradicted itself before in this process, so that it is not asked any more. */
static __always_inline int runtime_demoted(__u32 proc_flags)
{
	return proc_flags & (PROC_NO_LOOP | PROC_NO_TASK | PROC_NO_GO | PROC_NO_JAVA);
}

/* connect() on `c`: the call is made now, although its first byte leaves when the connection is there. */
static __always_inline void runtime_connect(struct conn *c, __u32 proc_flags)
{
	if (proc_flags & PROC_NGINX)
		nginx_connect(c);
	else if (follows_loops(proc_flags))
		loop_connect(c, proc_flags);
}

/* A request was read on `c`, `alone`: no other is unanswered there. Returns whether evidence may lead to it by its connection: then it is
 * to be kept in `live`. */
static __always_inline int runtime_arrives(struct conn *c, struct proc *proc, int alone)
{
	const __u32 flags = proc->flags;

	if (!(flags & PROC_DECIDED))
		clear_proc_flags(proc, PROC_FROM_START);
	if (counts_loops(flags))
		loop_arrives(c, flags, alone);
	return c->tcp && alone && (runtime_decides(flags) || follows_tasks(flags) || follows_java(flags));
}

/* ... and it is there now, as `span`. `blocking`: the read could wait, so no event loop has made it. */
static __always_inline void runtime_serves(struct conn *c, __u64 span, struct proc *proc, int blocking)
{
	const __u32 proc_flags = proc->flags;

	if (proc_flags & PROC_NGINX)
		nginx_serve(c->fd, span);
	else if (follows_goroutines(proc_flags))
		go_serves(c, span);
	else if (!blocking && follows_tasks(proc_flags))
		python_read(span);
	else if (follows_java(proc_flags) && java_serves(c->id, span, blocking))
		java_demote(proc);
}

/* This process makes a call of its own. The first one since user space wanted to know wakes up the probes that have waited for it. */
static __always_inline void runtime_calls(struct proc *proc)
{
	if (!(proc->flags & PROC_QUIET))
		return;
	clear_proc_flags(proc, PROC_QUIET);
	if (!(proc->flags & PROC_AWAKE) &&
	    emit_proc((void *)bpf_get_current_task(), bpf_get_current_pid_tgid() >> 32, 0, CLEW_PROC_CALLS))
		__sync_fetch_and_or(&proc->flags, PROC_QUIET); /* no room to say so: by the next call, then */
}

/* The request for which one is written on `c` now, by what probes in the runtime have told: key in `live`, 0: none. A function of its own, as
 * those are that it asks: kernels before 6.13 have 512 bytes of stack for all that is under way. */
__noinline __u64 probed_parent(struct conn *c, __u32 proc_flags)
{
	if (!c)
		return 0;
	if (proc_flags & PROC_NGINX)
		return nginx_parent(c);
	if (follows_goroutines(proc_flags))
		return go_parent();
	if (follows_loops(proc_flags))
		return loop_parent(c, proc_flags);
	return follows_tasks(proc_flags) ? python_parent() : 0;
}

/* The same, by whatever is known of the runtime. */
static __always_inline __u64 runtime_parent(struct conn *c, __u32 proc_flags, enum java_reader reader)
{
	return follows_java(proc_flags) ? java_parent(reader) : probed_parent(c, proc_flags);
}

/* ... and what links it to that. */
static __always_inline __u8 runtime_link(__u32 proc_flags)
{
	return follows_loops(proc_flags) ? CLEW_LINK_CONTINUATION : CLEW_LINK_RUNTIME;
}

/* All evidence was weighed: the request on `c` is `owner`'s, 0: nobody's. */
static __always_inline void runtime_called(struct conn *c, __u64 owner, __u32 proc_flags)
{
	if (follows_loops(proc_flags))
		loop_call(c, owner, proc_flags);
}

/* The answer to the request of `c` begins. */
static __always_inline void runtime_answers(const struct conn *c, struct proc *proc)
{
	if (follows_goroutines(proc->flags))
		go_answers(c, proc);
	else if (c->on_loop && follows_loops(proc->flags))
		loop_answers(c, proc);
	if (c->live_span && follows_tasks(proc->flags))
		python_answers(c, proc);
	if (c->live_span && follows_java(proc->flags))
		java_answers(c->live_span, c->live_tid, proc);
}

/* What a thread serves is evidence: what a pool's worker has got is told by the runtime, all else by what the thread has read. */
static __always_inline int serving_counts(const struct serving *s, __u32 proc_flags)
{
	return s->link == CLEW_LINK_RUNTIME || !(proc_flags & PROC_NO_THREAD);
}

/* The request that this thread works for, by its task or by itself: key in `live`, 0: none, or they name two. It may be answered meanwhile. */
static __always_inline __u64 works_for(__u32 proc_flags)
{
	const __u32 tid = (__u32)bpf_get_current_pid_tgid();
	const struct serving *s = bpf_map_lookup_elem(&threads, &tid);
	const __u64 of_task = follows_tasks(proc_flags) ? python_parent() : 0;
	const __u64 own = s && serving_counts(s, proc_flags) ? s->span : 0;

	if (of_task && own && of_task != own)
		return 0;
	return of_task ? of_task : own;
}

#endif
