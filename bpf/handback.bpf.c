/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Who waits and who wakes whom, in processes in which pools work for requests (lib/handback.bpf.h). Attached only while there is such a
 * process, since both fire for all of the node. tp_btf: kernel 5.5; bpf_task_pt_regs: 5.15.
 */
#include "lib/handback.bpf.h"
#include "lib/jvm.bpf.h"

#include <bpf/bpf_tracing.h>

#define NR_nanosleep 35
#define NR_clock_nanosleep 230

SEC("tp_btf/sched_switch")
int BPF_PROG(handback_sleeps, bool preempt, struct task_struct *prev)
{
	const __u32 tgid = prev->tgid;
	const struct pt_regs *regs;
	const struct proc *p;
	long nr;

	if (preempt)
		return 0;
	regs = (struct pt_regs *)bpf_task_pt_regs(prev);
	nr = regs->orig_ax;
	if (futex_command(regs) != FUTEX_WAIT_BITSET && nr != NR_nanosleep && nr != NR_clock_nanosleep)
		return 0;
	p = bpf_map_lookup_elem(&procs, &tgid);
	if (p && follows_handback(p->flags) && !(nr == NR_futex && is_gil_wait(p->flags, regs)))
		handback_sleep(prev->pid, nr == NR_futex);
	return 0;
}

/* In the waker's context. Only a wake-up by the very futex call that it is in counts: interrupts wake threads here, too. */
SEC("tp_btf/sched_waking")
int BPF_PROG(handback_wakes, struct task_struct *wakee)
{
	struct task_struct *waker = bpf_get_current_task_btf();
	const __u32 tgid = waker->tgid, by = waker->pid, tid = wakee->pid;
	const struct pt_regs *wake, *wait;
	const struct proc *p;
	struct live *request;
	__u64 span;
	int command;

	if ((__u32)wakee->tgid != tgid)
		return 0;
	wake = (struct pt_regs *)bpf_task_pt_regs(waker);
	wait = (struct pt_regs *)bpf_task_pt_regs(wakee);
	command = futex_command(wake);
	if ((command != FUTEX_WAKE && command != FUTEX_WAKE_BITSET) || futex_command(wait) != FUTEX_WAIT_BITSET || wake->di != wait->di)
		return 0;
	p = bpf_map_lookup_elem(&procs, &tgid);
	if (!p || !follows_handback(p->flags) || is_gil_wait(p->flags, wait))
		return 0;
	request = served_by(tid, &span);
	if (request)
		handback_to(worker_of(by, 0), tid, request, span, !wait->r10 && !waits_for_monitor(p->flags, wait->di));
	else
		handback_feed(by, tid);
	return 0;
}
