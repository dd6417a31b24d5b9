/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Whether a task waits on a futex, or wakes who does, from its saved registers (x86-64). */
#ifndef CLEW_FUTEX_H
#define CLEW_FUTEX_H

#include "io.bpf.h"

#define FUTEX_CMD_MASK 0x7f
#define FUTEX_WAKE 1
#define FUTEX_WAIT_BITSET 9 /* conditions and semaphores of glibc; its mutexes use FUTEX_WAIT */
#define FUTEX_WAKE_BITSET 10
#define GIL_WAIT_NS 50000000ULL

/* What the system call that the task is in asks of a futex; -1: it is another call. */
static __always_inline int futex_command(const struct pt_regs *regs)
{
	return regs->orig_ax == NR_futex ? regs->si & FUTEX_CMD_MASK : -1;
}

/* CPython waits for its interpreter lock with a deadline a few milliseconds ahead: that is no wait for work. The task is one of the
 * current process. */
static __always_inline int is_gil_wait(__u32 proc_flags, const struct pt_regs *wait)
{
	struct timespec64 deadline;

	if (!(proc_flags & PROC_CPYTHON) || !wait->r10 || bpf_probe_read_user(&deadline, sizeof(deadline), (void *)wait->r10))
		return 0;
	return deadline.tv_sec * 1000000000ULL + deadline.tv_nsec < bpf_ktime_get_ns() + GIL_WAIT_NS;
}

#endif
