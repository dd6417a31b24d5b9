/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What a thread of HotSpot waits for: its result, or a monitor that another thread is in? */
#ifndef CLEW_JVM_H
#define CLEW_JVM_H

#include "maps.bpf.h"
#include "user.bpf.h"

#define COND_SIGNALS 40 /* pthread_cond_t.__g_signals, two words on which threads wait; glibc 2.25 to 2.40 on x86-64 */
#define MUTEX_SIZE 40 /* pthread_mutex_t */

/*
 * HotSpot parks a thread on one of two conditions of the thread's own. Both have a mutex before them, and two ints before that:
 *
 *   os::PlatformEvent (monitors, Object.wait)   _event, _nParked: {1, 1} while a thread that is parked is woken
 *   Parker (LockSupport, java.util.concurrent)  _counter, _cur_index: {1, 0}, or {1, 1} with a deadline by the clock
 *
 * `futex`: where a thread of the current process waits, without a deadline, and is being woken. JDK 8 to 21.
 */
static __always_inline int waits_for_monitor(__u32 proc_flags, __u64 futex)
{
	return proc_flags & PROC_JVM && user_word((futex & ~7ULL) - COND_SIGNALS - MUTEX_SIZE - 8) == (1ULL << 32 | 1);
}

#endif
