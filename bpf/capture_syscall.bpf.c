/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Capture by one raw tracepoint behind every system call, for kernels before 6.3: number and arguments come from the saved registers,
 * so that no map carries them from the call's entry. Sockets are found by descriptor and remembered by address.
 */
#include "lib/stream.bpf.h"

#include <bpf/bpf_tracing.h>

static __always_inline struct conn *hash_conn(__u64 sk, int create)
{
	struct conn *c = bpf_map_lookup_elem(&conn_hash, &sk);
	__u32 zero = 0;

	if (c || !create)
		return c;
	c = bpf_map_lookup_elem(&empty_conn, &zero);
	if (!c || bpf_map_update_elem(&conn_hash, &sk, c, BPF_ANY)) {
		count_drop(CLEW_DROP_CONN_FULL);
		return 0;
	}
	return bpf_map_lookup_elem(&conn_hash, &sk);
}

struct syscall_at {
	struct proc *proc;
	struct sock *sk;
	__u64 vec; /* recvmmsg, sendmmsg */
	struct call k;
};

static __always_inline void one_call(struct syscall_at *a)
{
	struct sock *sk = a->sk;
	struct tcp_sock *tp = (void *)sk;
	const __u64 id = conn_id(sk);
	struct position at = {};
	struct conn *c;

	if (!id)
		return;
	c = hash_conn((__u64)sk, a->k.io.bytes > 0);
	if (c && c->id && c->id != id) { /* the address lives on in another socket */
		__u64 key = (__u64)sk;

		bpf_map_delete_elem(&conn_hash, &key);
		c = hash_conn(key, 1);
	}
	if (!c || c->flags & (CONN_IGNORE | CONN_SELFTEST))
		return;
	at.fin = !a->k.egress && BPF_CORE_READ(sk, sk_shutdown) & RCV_SHUTDOWN;
	if (BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP) {
		const __u32 copied = BPF_CORE_READ(tp, copied_seq);

		at.tcp = 1;
		at.copied = copied;
		at.seq = a->k.egress ? BPF_CORE_READ(tp, write_seq) - c->inserted : copied;
		at.from_start = !a->k.egress && BPF_CORE_READ(tp, bytes_received) - (BPF_CORE_READ(tp, rcv_nxt) - copied) ==
							 a->k.io.bytes;
	}
	if (!c->id && !conn_init(c, id, at.from_start))
		return;
	on_call(&a->k, c, a->proc, sk, at);
}

/* One message of a recvmmsg or sendmmsg. */
static long mmsg_step(__u32 i, void *ctx)
{
	struct syscall_at *a = ctx;
	struct mmsghdr m;

	if (bpf_probe_read_user(&m, sizeof(m), (void *)(a->vec + i * sizeof(m))))
		return 1;
	a->k.io.bytes = m.msg_len;
	a->k.io.iov = m.msg_hdr.msg_iov;
	a->k.io.iovcnt = m.msg_hdr.msg_iovlen > MAX_IOV ? MAX_IOV : m.msg_hdr.msg_iovlen;
	if (m.msg_len)
		one_call(a);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(syscall_exit, struct pt_regs *regs, long ret)
{
	const __u64 nr = regs->orig_ax;
	struct syscall_at a = {};
	struct task_struct *task;
	struct sock *sk;
	__u32 flags = 0;

	if (ret < 0)
		return 0;
	switch (nr) {
	case NR_recvfrom:
		flags = regs->r10;
		break;
	case NR_recvmsg:
		flags = regs->dx;
		break;
	case NR_recvmmsg:
		flags = regs->r10;
		break;
	case NR_read:
	case NR_readv:
	case NR_preadv2:
		break;
	case NR_splice:
	case NR_sendfile:
	case NR_write:
	case NR_writev:
	case NR_pwritev2:
	case NR_sendto:
	case NR_sendmsg:
	case NR_sendmmsg:
		a.k.egress = 1;
		break;
	default:
		return 0;
	}
	if (flags & (MSG_PEEK | MSG_ERRQUEUE))
		return 0;
	a.proc = traced_proc();
	if (!a.proc)
		return 0;
	task = bpf_get_current_task_btf();
	sk = socket_of(task, nr == NR_splice ? regs->dx : regs->di);
	if (!sk && nr == NR_splice) { /* out of a socket, then */
		a.k.egress = 0;
		sk = socket_of(task, regs->di);
	}
	if (!sk || BPF_CORE_READ(sk, sk_type) != SOCK_STREAM)
		return 0;
	a.k.blocking = !a.k.egress && !(BPF_CORE_READ(sk, sk_socket, file, f_flags) & O_NONBLOCK) && !(flags & MSG_DONTWAIT);
	a.sk = sk;
	if (nr == NR_recvmmsg || nr == NR_sendmmsg) {
		a.k.io.fd = regs->di;
		a.k.io.known = 1;
		a.vec = regs->si;
		bpf_loop(ret < MAX_IOV ? ret : MAX_IOV, mmsg_step, &a, 0);
		return 0;
	}
	io_from_task(&a.k.io, task, regs, ret, a.k.egress);
	one_call(&a);
	return 0;
}

SEC("raw_tp/inet_sock_set_state")
int syscall_state(struct bpf_raw_tracepoint_args *ctx)
{
	struct sock *sk = (struct sock *)ctx->args[0];
	const int newstate = ctx->args[2];
	__u64 key = (__u64)sk;
	struct proc *proc;
	struct conn *c;

	if (newstate == TCP_SYN_SENT) {
		proc = traced_proc();
		if (!proc)
			return 0;
		bpf_map_delete_elem(&conn_hash, &key);
		on_connect(hash_conn(key, 1), conn_id(sk), proc);
		return 0;
	}
	if (!is_end(newstate))
		return 0;
	c = hash_conn(key, 0);
	if (!c)
		return 0;
	on_state(c, newstate);
	if (newstate == TCP_CLOSE)
		bpf_map_delete_elem(&conn_hash, &key);
	return 0;
}
