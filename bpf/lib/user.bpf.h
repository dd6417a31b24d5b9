/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Memory of the process that runs. */
#ifndef CLEW_USER_H
#define CLEW_USER_H

#include <bpf/bpf_helpers.h>

/* The 8 bytes at `at`; 0 when they cannot be read. */
static __always_inline __u64 user_word(__u64 at)
{
	__u64 word = 0;

	bpf_probe_read_user(&word, sizeof(word), (void *)at);
	return word;
}

#endif
