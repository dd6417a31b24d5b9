/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What glibc keeps for each thread, on x86-64. */
#ifndef CLEW_PTHREAD_H
#define CLEW_PTHREAD_H

#include <bpf/bpf_core_read.h>

#include "user.bpf.h"

#define PTHREAD_SPECIFIC 0x318 /* value of the first key in struct pthread.specific_1stblock; glibc 2.x */
#define PTHREAD_SLOT 16 /* bytes from one key's value to the next one's */
#define PTHREAD_KEYS 8 /* that are looked at: a runtime's key is one of the first that a process makes */

/* pthread_self() of the thread that runs. */
static __always_inline __u64 pthread_self(void)
{
	const struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, thread.fsbase);
}

/* pthread_getspecific() of the key number `key` < PTHREAD_KEYS, in the thread `self`. */
static __always_inline __u64 pthread_specific(__u64 self, __u32 key)
{
	return user_word(self + PTHREAD_SPECIFIC + key * PTHREAD_SLOT);
}

#endif
