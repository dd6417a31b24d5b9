/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a runtime says about whom its threads work for, in processes that have its probes (agent/runtime/): the one place that knows all
 * of them. What there is to be told about processes without probes is in context.bpf.h.
 */
#ifndef CLEW_RUNTIME_H
#define CLEW_RUNTIME_H

#include "go.bpf.h"
#include "loop.bpf.h"
#include "nginx.bpf.h"

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

/* connect() on `c`: the call is made now, although its first byte leaves when the connection is there. */
static __always_inline void runtime_connect(struct conn *c, __u32 proc_flags)
{
	if (proc_flags & PROC_NGINX)
		nginx_connect(c);
	else if (follows_loops(proc_flags))
		loop_connect(c);
}

/* A request was read on `c`, the only one there: may evidence lead to it by its connection? Then it is to be kept in `live`. */
static __always_inline int runtime_names(const struct conn *c, __u32 proc_flags)
{
	return c->tcp && !c->unanswered && runtime_decides(proc_flags);
}

/* ... and it is in `live` now. */
static __always_inline void runtime_serves(struct conn *c, __u64 span, __u32 proc_flags)
{
	if (proc_flags & PROC_NGINX)
		nginx_serve(c->fd, span);
	else if (proc_flags & PROC_GO)
		go_serves(c, span);
	else
		loop_serves(c);
}

/* ... or cannot be, and what it does will be nobody's. */
static __always_inline void runtime_serves_unknown(__u32 proc_flags)
{
	if (follows_loops(proc_flags))
		loop_unknown();
}

/* The request for which one is written on `c` now: key in `live`, 0: none. `*link`: how that is known. */
static __always_inline __u64 runtime_parent(struct conn *c, __u32 proc_flags, __u8 *link)
{
	if (proc_flags & PROC_NGINX) {
		*link = CLEW_LINK_RUNTIME;
		return nginx_parent(c);
	}
	if (follows_goroutines(proc_flags)) {
		*link = CLEW_LINK_RUNTIME;
		return go_parent();
	}
	if (follows_loops(proc_flags)) {
		*link = CLEW_LINK_CONTINUATION;
		return loop_parent(c);
	}
	return 0;
}

/* All evidence was weighed: the request on `c` is `owner`'s, 0: nobody's. */
static __always_inline void runtime_called(struct conn *c, __u64 owner, __u32 proc_flags)
{
	if (follows_loops(proc_flags))
		loop_call(c, owner);
}

/* The answer to the live request of `c` begins. */
static __always_inline void runtime_answers(const struct conn *c, struct proc *proc)
{
	if (follows_goroutines(proc->flags))
		go_answers(c, proc);
	else if (c->on_loop && follows_loops(proc->flags))
		loop_answers(c, proc);
}

#endif
