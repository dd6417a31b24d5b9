/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Before a request leaves on a socket that may carry the TCP option: decides its context in the sending thread, and arms the option at
 * its first byte. Sockets under injection are decided by inject.bpf.c. What the back end of capture sees afterwards takes the same context.
 */
#include "lib/context.bpf.h"
#include "lib/conn.bpf.h"
#include "lib/io.bpf.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* Does a request begin with the byte that is written next, as far as the socket's own state tells? */
static __always_inline int option_may_begin(const struct conn *c, const struct tcp_sock *tp, __u32 write_seq)
{
	if (!(c->flags & CONN_OPTION) || c->flags & (CONN_IGNORE | CONN_SERVER | CONN_IN_MAP))
		return 0;
	if (c->awaits_reply) /* pipelined, or the rest of a body */
		return 0;
	if (c->tx.phase != PHASE_START && c->tx.phase != PHASE_OPAQUE && c->tx.phase != PHASE_UNKNOWN)
		return 0;
	if (c->tx.seq_valid) /* the kernel may fire in the middle of a call, too: its beginning is where the last one ended */
		return write_seq - c->inserted == c->tx.seq;
	return c->flags & CONN_FROM_START && !BPF_CORE_READ(tp, data_segs_out) && BPF_CORE_READ(tp, snd_nxt) == write_seq;
}

/* `io`: the call's bytes, all of them. */
static __always_inline void option_decide(struct conn *c, struct proc *proc, const struct io *io, __u32 write_seq)
{
	struct head_scan scan = { .names = 1 };
	__u32 slot = SCRATCH_OPTION, what;
	struct scratch *s;
	__u64 w;

	if (c->flags & CONN_OUT_READY && c->option == OPTION_ARMED && c->option_seq == write_seq)
		return; /* the call before took nothing: this is the same request */
	c->option = OPTION_NONE;
	clear_flags(c, CONN_OUT_READY);
	s = bpf_map_lookup_elem(&scratches, &slot);
	if (!s)
		return;
	scan.n = io_copy(io, 0, io->bytes < CLEW_DATA_MAX ? io->bytes : CLEW_DATA_MAX, (struct room *)s->data_room);
	if (!scan.n)
		return;
	__builtin_memcpy(&w, s->data.b, 8);
	if (!maybe_request(w, scan.n))
		return;
	__builtin_memset(&c->head, 0, sizeof(c->head));
	scan_head(&s->data, &c->head, &scan);
	/* A head in pieces may have a traceparent in the next one; a second request behind it would be in the same segments. */
	if (scan.bad || !scan.end || (!c->head.chunked && scan.end + c->head.length < io->bytes))
		return;
	find_parent(proc->flags, c, &c->out, JAVA_BY_CAPTURE);
	set_flags(c, CONN_OUT_READY);
	what = context_refused(&c->head, &c->out);
	if (what) {
		c->out.inject = what;
		count_in(&injects, what, 1);
		return;
	}
	option_arm(c, write_seq);
}

/* Before each portion of bytes is queued, under the socket's lock. Kernel 6.16. */
SEC("tp_btf/tcp_sendmsg_locked")
int BPF_PROG(option_sendmsg, struct sock *sk, struct msghdr *msg)
{
	struct conn *c = bpf_sk_storage_get(&conn_storage, sk, 0, 0);
	struct task_struct *task;
	struct tcp_sock *tp;
	struct proc *proc;
	struct io io;
	__u8 type;

	if (!c || !(c->flags & CONN_OPTION))
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp || !option_may_begin(c, tp, tp->write_seq))
		return 0;
	/* Pages: the application's own bytes are elsewhere, or were encrypted. */
	type = msg->msg_iter.iter_type;
	if (type != bpf_core_enum_value(enum iter_type, ITER_UBUF) && type != bpf_core_enum_value(enum iter_type, ITER_IOVEC))
		return 0;
	proc = traced_proc();
	if (!proc)
		return 0;
	task = bpf_get_current_task_btf();
	if (io_from_task(&io, task, (struct pt_regs *)bpf_task_pt_regs(task), msg->msg_iter.count, 1))
		option_decide(c, proc, &io, tp->write_seq);
	return 0;
}

/* The same for the system-call back end: the state of its sockets is found by address, and its kernels have no such tracepoint. */
SEC("tp_btf/sys_enter")
int BPF_PROG(option_syscall, struct pt_regs *regs, long nr)
{
	struct task_struct *task;
	struct tcp_sock *tp;
	struct sock *sk;
	struct proc *proc;
	struct conn *c;
	struct io io;
	__u32 write_seq;
	__u64 key;

	if (nr != NR_write && nr != NR_sendto && nr != NR_writev && nr != NR_sendmsg && nr != NR_pwritev2)
		return 0;
	proc = traced_proc();
	if (!proc)
		return 0;
	task = bpf_get_current_task_btf();
	sk = socket_of(task, regs->di);
	if (!sk)
		return 0;
	key = (__u64)sk;
	c = bpf_map_lookup_elem(&conn_hash, &key);
	if (!c || c->id != conn_id(sk)) /* the address lives on in another socket */
		return 0;
	tp = (void *)sk;
	write_seq = BPF_CORE_READ(tp, write_seq);
	if (!option_may_begin(c, tp, write_seq))
		return 0;
	if (io_from_task(&io, task, regs, 0, 1)) {
		io.bytes = io_length(&io, regs->dx);
		option_decide(c, proc, &io, write_seq);
	}
	return 0;
}
