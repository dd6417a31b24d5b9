/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Capture by the sockets' own tracepoints: they fire behind the call, with its result, for sockets only, and leave every other system
 * call of the node untouched. sock_recv_length and sock_send_length: kernel 6.3; inet_sock_set_state: 4.16.
 */
#include "lib/stream.bpf.h"

#include <bpf/bpf_tracing.h>

static __always_inline struct conn *storage_conn(struct sock *sk, int create)
{
	struct conn *c = bpf_sk_storage_get(&conn_storage, sk, 0, 0);
	__u32 zero = 0;

	if (c || !create)
		return c;
	c = bpf_map_lookup_elem(&empty_conn, &zero);
	if (!c)
		return 0;
	c = bpf_sk_storage_get(&conn_storage, sk, c, BPF_SK_STORAGE_GET_F_CREATE);
	if (!c)
		count_drop(CLEW_DROP_CONN_FULL);
	return c;
}

static __always_inline int sock_length(struct sock *sk, int ret, int egress)
{
	struct proc *proc;
	struct task_struct *task;
	struct tcp_sock *tp;
	struct position *at;
	struct work *work;
	struct conn *c;

	if (ret < 0)
		return 0;
	proc = traced_proc();
	if (!proc || sk->sk_type != SOCK_STREAM)
		return 0;
	c = storage_conn(sk, ret > 0);
	if (!c || c->flags & (CONN_IGNORE | CONN_SELFTEST))
		return 0;
	work = new_work(egress);
	if (!work)
		return 0;
	at = &work->at;
	tp = bpf_skc_to_tcp_sock(sk);
	if (tp) {
		at->tcp = 1;
		at->copied = tp->copied_seq;
		at->seq = egress ? tp->write_seq - c->inserted : tp->copied_seq;
		at->from_start = !egress && tp->bytes_received - (tp->rcv_nxt - tp->copied_seq) == (__u64)(__u32)ret;
	}
	at->fin = !egress && sk->sk_shutdown & RCV_SHUTDOWN;
	if (!c->id && !conn_init(c, conn_id(sk), at->from_start))
		return 0;
	task = bpf_get_current_task_btf();
	io_from_task(&work->k.io, task, (struct pt_regs *)bpf_task_pt_regs(task), ret, egress);
	work->k.egress = egress;
	work->k.blocking = !egress && !(BPF_CORE_READ(sk, sk_socket, file, f_flags) & O_NONBLOCK);
	on_call(work, c, proc, sk);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(socket_recv, struct sock *sk, int ret, int flags)
{
	if (flags & (MSG_PEEK | MSG_ERRQUEUE))
		return 0;
	return sock_length(sk, ret, 0);
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(socket_send, struct sock *sk, int ret, int flags)
{
	return sock_length(sk, ret, 1);
}

/* connect() begins (in the caller's context), this side closes, or all is over (often in the network's context). */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(socket_state, struct sock *sk, int oldstate, int newstate)
{
	struct tcp_sock *tp;
	struct proc *proc;
	struct conn *c;

	if (newstate == TCP_SYN_SENT) {
		proc = traced_proc();
		if (!proc)
			return 0;
		bpf_sk_storage_delete(&conn_storage, sk); /* a socket may connect again */
		on_connect(storage_conn(sk, 1), conn_id(sk), proc);
		return 0;
	}
	if (!is_end(newstate))
		return 0;
	c = storage_conn(sk, 0);
	if (!c)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	/* All of what came has been read: then the FIN too, which counts as a byte. */
	if (newstate == TCP_CLOSE && tp && c->flags & CONN_OPENED)
		catch_up(c, tp->copied_seq - (sk->sk_shutdown & RCV_SHUTDOWN && tp->copied_seq == tp->rcv_nxt));
	on_state(c, newstate);
	return 0;
}
