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

/* The state of a socket that a call moved bytes on, NULL: none that matters; and where it stands now, into work->at. A function by
 * itself, as others here, so that its stack is free again behind it: there is little (see works). */
static __noinline struct conn *locate(struct sock *sk, struct work *work, int egress)
{
	struct tcp_sock *tp = (void *)sk;
	const __u64 id = conn_id(sk);
	struct position *at = &work->at;
	const __u64 key = (__u64)sk;
	struct conn *c;

	if (!id)
		return 0;
	c = hash_conn(key, work->k.io.bytes > 0);
	if (c && c->id && c->id != id) { /* the address lives on in another socket */
		bpf_map_delete_elem(&conn_hash, &key);
		c = hash_conn(key, 1);
	}
	if (!c || c->flags & (CONN_IGNORE | CONN_SELFTEST))
		return 0;
	at->fin = !egress && BPF_CORE_READ(sk, sk_shutdown) & RCV_SHUTDOWN;
	if (BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP) {
		const __u32 copied = BPF_CORE_READ(tp, copied_seq);

		at->tcp = 1;
		at->copied = copied;
		at->seq = egress ? BPF_CORE_READ(tp, write_seq) - c->inserted : copied;
		at->from_start = !egress && BPF_CORE_READ(tp, bytes_received) - (BPF_CORE_READ(tp, rcv_nxt) - copied) ==
						    work->k.io.bytes;
	}
	if (!c->id && !conn_init(c, id, at->from_start))
		return 0;
	return c;
}

/* A call, or one message of it, on `socket`; what it moved stands in the direction's work. */
__noinline int one_call(__u64 socket, struct proc *proc, int egress)
{
	struct work *work = work_of(egress);
	struct conn *c;

	if (!proc || !work)
		return 0;
	c = locate((void *)socket, work, egress);
	if (c)
		on_call(work, c, proc, (void *)socket);
	return 0;
}

/* Message `i` of a recvmmsg or sendmmsg, whose array is at `vec`. Not 0: unreadable. */
__noinline int nth_message(struct call *k, __u64 vec, __u32 i)
{
	struct mmsghdr m;

	if (!k || bpf_probe_read_user(&m, sizeof(m), (void *)(vec + i * sizeof(m))))
		return -1;
	k->io.bytes = m.msg_len;
	k->io.iov = m.msg_hdr.msg_iov;
	k->io.iovcnt = m.msg_hdr.msg_iovlen > MAX_IOV ? MAX_IOV : m.msg_hdr.msg_iovlen;
	k->skip = 0;
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(syscall_exit, struct pt_regs *regs, long ret)
{
	const __u64 nr = regs->orig_ax;
	struct task_struct *task;
	struct proc *proc;
	struct work *work;
	struct sock *sk;
	__u32 flags = 0;
	int egress = 0;

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
		egress = 1;
		break;
	default:
		return 0;
	}
	if (flags & (MSG_PEEK | MSG_ERRQUEUE))
		return 0;
	proc = traced_proc();
	if (!proc)
		return 0;
	task = bpf_get_current_task_btf();
	sk = socket_of(task, nr == NR_splice ? regs->dx : regs->di);
	if (!sk && nr == NR_splice) { /* out of a socket, then */
		egress = 0;
		sk = socket_of(task, regs->di);
	}
	if (!sk || BPF_CORE_READ(sk, sk_type) != SOCK_STREAM)
		return 0;
	work = new_work(egress);
	if (!work)
		return 0;
	work->k.egress = egress;
	work->k.blocking = !egress && !(BPF_CORE_READ(sk, sk_socket, file, f_flags) & O_NONBLOCK) && !(flags & MSG_DONTWAIT);
	if (nr == NR_recvmmsg || nr == NR_sendmmsg) {
		work->k.io.fd = regs->di;
		work->k.io.known = 1;
		for (__u32 i = 0; i < MAX_IOV && i < ret; i++) {
			if (nth_message(&work->k, regs->si, i))
				break;
			if (work->k.io.bytes)
				one_call((__u64)sk, proc, egress);
		}
		return 0;
	}
	io_from_task(&work->k.io, task, regs, ret, egress);
	one_call((__u64)sk, proc, egress);
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
