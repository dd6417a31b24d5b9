/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* nginx (L1): a probe where an upstream call begins finds in nginx's own structures the connection whose request it is for. */
#ifndef CLEW_NGINX_H
#define CLEW_NGINX_H

#include "maps.bpf.h"

static __always_inline __u64 served_key(__u32 fd)
{
	return bpf_get_current_pid_tgid() >> 32 << 32 | fd;
}

/* The request that was read last from the client's connection with the descriptor `fd`; it may be answered meanwhile. 0: none. */
static __always_inline __u64 nginx_served(__u32 fd)
{
	const __u64 key = served_key(fd);
	const __u64 *span = bpf_map_lookup_elem(&served, &key);

	return span ? *span : 0;
}

static __always_inline void nginx_serve(__u32 fd, __u64 span)
{
	const __u64 key = served_key(fd);

	bpf_map_update_elem(&served, &key, &span, BPF_ANY);
}

/* The upstream call that this thread is about to make is for `span`, 0: nobody. */
static __always_inline void nginx_arm(__u64 span)
{
	const __u32 tid = (__u32)bpf_get_current_pid_tgid();

	bpf_map_update_elem(&armed, &tid, &span, BPF_ANY);
}

/* For whom it is; told once. */
static __always_inline __u64 nginx_disarm(void)
{
	const __u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 *at = bpf_map_lookup_elem(&armed, &tid);
	const __u64 span = at ? *at : 0;

	if (at)
		*at = 0;
	return span;
}

static __always_inline void nginx_connect(struct conn *c)
{
	c->fresh = 1;
	c->connect_span = nginx_disarm();
}

/* The request for which one is written on `c`. A new connection keeps that of its connect(), which may be long ago. */
static __always_inline __u64 nginx_parent(struct conn *c)
{
	if (!c->fresh)
		return nginx_disarm();
	c->fresh = 0;
	return c->connect_span;
}

#endif
