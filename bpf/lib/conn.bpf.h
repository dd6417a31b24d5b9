/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Finding processes and sockets that are traced, and their state. */
#ifndef CLEW_CONN_H
#define CLEW_CONN_H

#include <bpf/bpf_core_read.h>

#include "maps.bpf.h"

/* Ring records do not wake the reader, which looks every few milliseconds, unless the ring fills up: a wake-up per event costs the
 * traced service half of its throughput. */
static __always_inline __u64 wake_flags(void)
{
	return bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > cfg_wake_bytes ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

static __always_inline void fill_header(struct clew_event_header *h, __u8 type, __u64 conn)
{
	const __u64 id = bpf_get_current_pid_tgid();

	h->ts_ns = bpf_ktime_get_ns();
	h->conn = conn;
	h->tgid = id >> 32;
	h->tid = (__u32)id;
	h->type = type;
	h->direction = 0;
	h->pad = 0;
	h->fd = -1;
}

/* Process records wake the reader: a new process waits for user space's decision. Not 0: there was no room for it. */
static __always_inline int emit_proc(struct task_struct *task, __u32 tgid, __u32 parent, __u8 what)
{
	struct clew_proc_event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		count_drop(CLEW_DROP_RING_FULL);
		return -1;
	}
	__builtin_memset(e, 0, sizeof(*e));
	fill_header(&e->h, CLEW_EVENT_PROC, 0);
	e->h.tgid = tgid;
	e->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	e->parent_tgid = parent;
	e->what = what;
	BPF_CORE_READ_INTO(&e->comm, task, comm);
	bpf_ringbuf_submit(e, BPF_RB_FORCE_WAKEUP);
	return 0;
}

/* Process `tgid` if it is traced, as far as is known. For programs of the network, which cannot ask for a cgroup before kernel 6.10: the
 * capture of connect() has asked before them. */
static __always_inline struct proc *known_proc(__u32 tgid)
{
	struct proc *p = bpf_map_lookup_elem(&procs, &tgid);

	return p && p->flags & PROC_TRACED ? p : 0;
}

/* The current process if it is traced. This comes before any look at its memory. */
static __always_inline struct proc *traced_proc(void)
{
	const __u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct proc *p = bpf_map_lookup_elem(&procs, &tgid);

	if (p)
		return p->flags & PROC_TRACED ? p : 0;
	if (!cfg_cgroups || tgid == cfg_self_tgid)
		return 0;
	for (__u32 i = 0; i < MAX_CGROUPS; i++) {
		struct proc fresh = { .flags = cfg_new_proc_flags ? cfg_new_proc_flags | new_proc_inject : 0 };

		if (i >= cfg_cgroups)
			break;
		if (bpf_current_task_under_cgroup(&cgroups, i) != 1)
			continue;
		if (bpf_map_update_elem(&procs, &tgid, &fresh, BPF_NOEXIST)) {
			count_drop(CLEW_DROP_PROC_FULL);
			return 0;
		}
		emit_proc((void *)bpf_get_current_task(), tgid, 0, CLEW_PROC_SEEN);
		p = bpf_map_lookup_elem(&procs, &tgid);
		return p && p->flags & PROC_TRACED ? p : 0;
	}
	return 0;
}

/* The socket behind a descriptor of the current task, NULL: it is none. */
static __noinline struct sock *socket_of(struct task_struct *task, int fd)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **slots, *file = 0;
	struct socket *s;

	if (fd < 0 || (__u32)fd >= BPF_CORE_READ(table, max_fds))
		return 0;
	slots = BPF_CORE_READ(table, fd);
	bpf_probe_read_kernel(&file, sizeof(file), slots + fd);
	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	s = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(s, sk);
}

/* Identity of a socket: its inode number (a counter) with bits of its address, so that a wrapped counter does not repeat. 0: it has no file (not accepted, or closing). */
static __always_inline __u64 conn_id(struct sock *sk)
{
	struct socket *s = BPF_CORE_READ(sk, sk_socket);
	const __u64 ino = s ? BPF_CORE_READ(s, file, f_inode, i_ino) : 0;

	return ino ? ino << 32 | ((__u64)s >> 6 & 0xffffffff) : 0;
}

/* State of a socket by the back end's way. `sk` must not be NULL. */
static __always_inline struct conn *sock_conn(struct bpf_sock *sk)
{
	__u64 key;

	if (cfg_conn_storage)
		return bpf_sk_storage_get(&conn_storage, sk, 0, 0);
	key = (__u64)sk;
	return bpf_map_lookup_elem(&conn_hash, &key);
}

/* First sight of a socket: fills its state. False when it has no identity yet. */
static __always_inline int conn_init(struct conn *c, __u64 id, int from_start)
{
	if (!id)
		return 0;
	c->id = id;
	if (from_start) {
		set_flags(c, CONN_FROM_START);
	} else {
		c->rx.phase = PHASE_UNKNOWN;
		c->tx.phase = PHASE_UNKNOWN;
	}
	return 1;
}

/* Tells user space what the socket is, once, before its first other record. c->sk and c->fd are set. */
__noinline int emit_open(struct conn *c)
{
	struct clew_conn_event *e;
	struct sock *sk;
	__u16 family;

	if (!c)
		return 0;
	sk = (void *)c->sk;
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		count_drop(CLEW_DROP_RING_FULL);
		return 0; /* tried again with the next record */
	}
	__builtin_memset(e, 0, sizeof(*e));
	fill_header(&e->h, CLEW_EVENT_CONN_OPEN, c->id);
	e->h.fd = c->fd;
	e->family = family;
	e->role = c->flags & CONN_ACTIVE ? CLEW_ROLE_ACTIVE : c->flags & CONN_FROM_START ? CLEW_ROLE_PASSIVE : CLEW_ROLE_UNKNOWN;
	e->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	e->inode = c->id >> 32;
	if (family == AF_INET || family == AF_INET6) {
		e->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
		e->remote_port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	}
	if (family == AF_INET) {
		BPF_CORE_READ_INTO((__u32 *)e->local_addr, sk, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO((__u32 *)e->remote_addr, sk, __sk_common.skc_daddr);
	} else if (family == AF_INET6) {
		BPF_CORE_READ_INTO(&e->local_addr, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
		BPF_CORE_READ_INTO(&e->remote_addr, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
	}
	bpf_ringbuf_submit(e, wake_flags());
	set_flags(c, CONN_OPENED);
	return 0;
}

static __always_inline void emit_simple(struct conn *c, __u8 type, __u8 direction, int fd, __u64 flags)
{
	struct clew_event_header *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		count_drop(CLEW_DROP_RING_FULL);
		return;
	}
	fill_header(e, type, c->id);
	e->direction = direction;
	e->fd = fd;
	bpf_ringbuf_submit(e, flags);
}

#endif
