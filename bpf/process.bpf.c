/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Processes and threads: forks inherit, execs are told, exits clean up; and the evidence that a new thread carries (L4). */
#include "lib/context.bpf.h"
#include "lib/conn.bpf.h"
#include "lib/handback.bpf.h"
#include "lib/io.bpf.h"

#include <bpf/bpf_tracing.h>

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 from = parent->tgid, to = child->tgid, from_tid = parent->pid, to_tid = child->pid;
	struct proc *p = bpf_map_lookup_elem(&procs, &from);
	struct serving *s, copy;

	if (!p)
		return 0;
	if (from != to) {
		struct proc inherited = { .flags = (p->flags & ~PROC_ITS_OWN) | PROC_FROM_START };

		if (bpf_map_update_elem(&procs, &to, &inherited, BPF_ANY))
			count_drop(CLEW_DROP_PROC_FULL);
		else if (p->flags & PROC_TRACED)
			emit_proc(child, to, from, CLEW_PROC_FORK);
	}
	/* The request that the forking thread serves right now, not one that it may serve later. A pool starts its workers like this, too, and
	 * the first thing that a new one finds may be what another request has queued: so threads count only where somebody said so. */
	bpf_map_delete_elem(&threads, &to_tid);
	if (from == to && follows_handback(p->flags))
		handback_start(from_tid, to_tid);
	if (from == to && !cfg_started_threads)
		return 0;
	s = bpf_map_lookup_elem(&threads, &from_tid);
	if (!s || !bpf_map_lookup_elem(&live, &s->span) || s->depth >= MAX_CLONE_DEPTH)
		return 0;
	copy = *s;
	copy.link = CLEW_LINK_CLONE;
	copy.depth++;
	if (bpf_map_update_elem(&threads, &to_tid, &copy, BPF_ANY))
		count_drop(CLEW_DROP_THREAD_FULL);
	clones_made = 1;
	return 0;
}

/* What runtimes and pools have left of a thread of the current process. */
static __always_inline void forget_thread(__u32 tid)
{
	bpf_map_delete_elem(&loops, &tid);
	bpf_map_delete_elem(&python_threads, &tid);
	java_ends(tid);
	handback_end(tid);
}

/* `old_pid`: the number of the thread that has called execve(); behind it, it has that of the process. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid)
{
	const __u32 tgid = task->tgid, tid = task->pid, old_tid = old_pid;
	struct proc *p = bpf_map_lookup_elem(&procs, &tgid);

	if (p) { /* another program, which has no probes yet */
		forget_thread(tid);
		if (old_tid != tid) {
			forget_thread(old_tid);
			bpf_map_delete_elem(&threads, &old_tid);
		}
		clear_proc_flags(p, PROC_ITS_OWN | PROC_FIONREAD); /* last: what the threads have left may set one */
		p->calls = 0;
		bpf_map_delete_elem(&javas, &tgid);
		emit_proc(task, tgid, 0, CLEW_PROC_EXEC);
	} else {
		p = traced_proc(); /* a cgroup selector may want it; tell user space as early as can be */
	}
	if (p)
		__sync_fetch_and_or(&p->flags, PROC_FROM_START);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	const __u32 tgid = task->tgid, tid = task->pid;
	struct proc *p = bpf_map_lookup_elem(&procs, &tgid);

	if (!p)
		return 0;
	bpf_map_delete_elem(&threads, &tid);
	forget_thread(tid);
	if (task->signal->live.counter > 0)
		return 0;
	if (p->flags & PROC_TRACED)
		emit_proc(task, tgid, 0, CLEW_PROC_EXIT);
	bpf_map_delete_elem(&procs, &tgid);
	bpf_map_delete_elem(&pythons, &tgid);
	bpf_map_delete_elem(&javas, &tgid);
	return 0;
}

/* User space changes the flags of a process here, in place: storing a value would undo what the kernel side has noted meanwhile. */
struct flag_change {
	__u32 tgid;
	__u32 set;
	__u32 clear;
};
SEC("syscall")
int change_proc(struct flag_change *change)
{
	const __u32 tgid = change->tgid;
	struct proc *p = bpf_map_lookup_elem(&procs, &tgid);

	if (!p)
		return 1;
	clear_proc_flags(p, change->clear);
	__sync_fetch_and_or(&p->flags, change->set);
	return 0;
}

/*
 * A thread that was started for a request and then waits for a condition or a queue may get another request's work next: its
 * evidence ends.
 */
SEC("tp_btf/sched_switch")
int BPF_PROG(thread_waits, bool preempt, struct task_struct *prev)
{
	const __u32 tid = prev->pid, tgid = prev->tgid;
	struct pt_regs *regs;
	struct serving *s;
	struct proc *p;

	if (preempt || !clones_made)
		return 0;
	s = bpf_map_lookup_elem(&threads, &tid);
	if (!s || s->link != CLEW_LINK_CLONE)
		return 0;
	regs = (struct pt_regs *)bpf_task_pt_regs(prev);
	if (futex_command(regs) != FUTEX_WAIT_BITSET)
		return 0;
	p = bpf_map_lookup_elem(&procs, &tgid);
	if (p && is_gil_wait(p->flags, regs))
		return 0;
	bpf_map_delete_elem(&threads, &tid);
	count_stat(STAT_CLONE_EXPIRED);
	return 0;
}

#define FIONREAD 0x541b
#define NR_ioctl 16

/* Attached only while a process is watched that may size its reads by FIONREAD: a hook on every system call is the dearest
 * thing there is. */
SEC("tp_btf/sys_enter")
int BPF_PROG(watch_fionread, struct pt_regs *regs, long nr)
{
	const __u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct proc *p;

	if (nr != NR_ioctl || regs->si != FIONREAD)
		return 0;
	p = bpf_map_lookup_elem(&procs, &tgid);
	if (p && p->flags & PROC_TRACED)
		__sync_fetch_and_or(&p->flags, PROC_FIONREAD);
	return 0;
}

SEC("raw_tp/io_uring_create")
int process_io_uring(void *ctx)
{
	const __u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct proc *p = traced_proc();

	if (!p)
		return 0;
	__sync_fetch_and_or(&p->flags, PROC_NO_LOOP); /* its completions are callbacks that no probe sees */
	emit_proc((void *)bpf_get_current_task(), tgid, 0, CLEW_PROC_IO_URING);
	return 0;
}
