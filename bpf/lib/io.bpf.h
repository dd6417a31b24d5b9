/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The user's buffers of the system call that the current task is in, from its saved registers (x86-64). */
#ifndef CLEW_IO_H
#define CLEW_IO_H

#include "maps.bpf.h"

/* x86-64 system-call numbers */
enum {
	NR_read = 0, NR_write = 1, NR_readv = 19, NR_writev = 20, NR_sendfile = 40, NR_sendto = 44, NR_recvfrom = 45, NR_sendmsg = 46,
	NR_recvmsg = 47, NR_splice = 275, NR_recvmmsg = 299, NR_preadv2 = 327, NR_pwritev2 = 328, NR_sendmmsg = 307, NR_futex = 202,
};

struct io {
	__u64 base; /* single buffer; 0: none readable */
	__u64 iov; /* else an array of iovecs */
	__u32 iovcnt;
	__s32 fd;
	__u32 bytes; /* that moved */
	__u32 known; /* 0: lengths only */
};
#define MAX_IOV 64

__noinline int io_from_msghdr(struct io *io, __u64 hdr)
{
	struct user_msghdr m;

	if (!io || bpf_probe_read_user(&m, sizeof(m), (void *)hdr))
		return -1;
	io->iov = m.msg_iov;
	io->iovcnt = m.msg_iovlen > MAX_IOV ? MAX_IOV : m.msg_iovlen;
	return 0;
}

/* Which message of a recvmmsg/sendmmsg this is: the hook fires once for each of them, in order, and the kernel has written
 * the length of those before. */
__noinline int io_from_mmsg(struct io *io, __u64 vec, __u64 vlen, int failed)
{
	const __u64 id = bpf_get_current_pid_tgid();
	struct mmsg_at at = { .vec = vec }, *seen = bpf_map_lookup_elem(&mmsg_at, &id);
	__u64 hdr;

	if (!io)
		return -1;
	if (seen && seen->vec == vec && seen->index < vlen)
		at.index = seen->index;
	hdr = vec + at.index * sizeof(struct mmsghdr);
	at.index++;
	if (failed || at.index >= vlen)
		bpf_map_delete_elem(&mmsg_at, &id);
	else
		bpf_map_update_elem(&mmsg_at, &id, &at, BPF_ANY);
	return failed ? -1 : io_from_msghdr(io, hdr);
}

/* `egress`: the direction that the hook stands for. False for a call whose buffers are not understood (io_uring, 32-bit). */
static __always_inline int io_from_task(struct io *io, struct task_struct *task, struct pt_regs *regs, int bytes, int egress)
{
	const __u64 nr = regs->orig_ax;

	io->base = 0;
	io->iov = 0;
	io->iovcnt = 0;
	io->bytes = bytes > 0 ? bytes : 0;
	io->known = 0;
	io->fd = -1;
	if (task->thread_info.status & TS_COMPAT)
		return 0;
	io->fd = regs->di;
	switch (nr) {
	case NR_read:
	case NR_recvfrom:
		if (egress)
			return 0;
		io->base = regs->si;
		break;
	case NR_write:
	case NR_sendto:
		if (!egress)
			return 0;
		io->base = regs->si;
		break;
	case NR_readv:
	case NR_preadv2:
		if (egress)
			return 0;
		io->iov = regs->si;
		io->iovcnt = regs->dx > MAX_IOV ? MAX_IOV : regs->dx;
		break;
	case NR_writev:
	case NR_pwritev2:
		if (!egress)
			return 0;
		io->iov = regs->si;
		io->iovcnt = regs->dx > MAX_IOV ? MAX_IOV : regs->dx;
		break;
	case NR_recvmsg:
		if (egress || io_from_msghdr(io, regs->si))
			return 0;
		break;
	case NR_sendmsg:
		if (!egress || io_from_msghdr(io, regs->si))
			return 0;
		break;
	case NR_recvmmsg:
		if (egress || io_from_mmsg(io, regs->si, regs->dx, bytes <= 0))
			return 0;
		break;
	case NR_sendmmsg:
		if (!egress || io_from_mmsg(io, regs->si, regs->dx, bytes <= 0))
			return 0;
		break;
	case NR_splice:
		io->fd = egress ? regs->dx : regs->di;
		io->known = 1; /* page to page: there is nothing to read, and that is understood */
		return 1;
	case NR_sendfile:
		io->known = 1;
		return 1;
	default:
		io->fd = -1;
		return 0;
	}
	io->known = 1;
	return 1;
}

/* A copy of up to VIEW bytes may begin anywhere in the first VIEW of these. */
struct room {
	char b[2 * VIEW];
};

struct gather {
	struct room *dst;
	__u64 iov;
	__u32 iovcnt;
	__u32 skip; /* bytes of the whole to leave out first */
	__u32 want; /* <= VIEW */
	__u32 filled;
	__u32 fault;
};
static long gather_step(__u32 i, void *ctx)
{
	struct gather *g = ctx;
	struct iovec v;
	__u64 n, at;

	if (i >= g->iovcnt || g->filled >= g->want)
		return 1;
	if (bpf_probe_read_user(&v, sizeof(v), (void *)(g->iov + i * sizeof(v)))) {
		g->fault = 1;
		return 1;
	}
	if (v.iov_len <= g->skip) {
		g->skip -= v.iov_len;
		return 0;
	}
	v.iov_base += g->skip;
	v.iov_len -= g->skip;
	g->skip = 0;
	n = v.iov_len;
	if (n > g->want - g->filled)
		n = g->want - g->filled;
	at = g->filled;
	asm volatile("" : "+r"(n), "+r"(at));
	if (at >= VIEW) /* the verifier must see at < VIEW, n <= VIEW */
		return 1;
	if (n > VIEW)
		return 1;
	if (bpf_probe_read_user(g->dst->b + at, n, (void *)v.iov_base)) {
		g->fault = 1;
		return 1;
	}
	g->filled += n;
	return 0;
}

struct length {
	__u64 iov;
	__u32 iovcnt;
	__u32 bytes;
};
static long length_step(__u32 i, void *ctx)
{
	struct length *l = ctx;
	struct iovec v;

	if (i >= l->iovcnt || bpf_probe_read_user(&v, sizeof(v), (void *)(l->iov + i * sizeof(v))))
		return 1;
	l->bytes += v.iov_len < 1U << 30 ? v.iov_len : 1U << 30;
	return l->bytes >= 1U << 30;
}
/* Bytes that a call is about to move; `len`: its argument, when it has a single buffer. At most 2 GiB. */
static __always_inline __u32 io_length(const struct io *io, __u64 len)
{
	struct length l = { .iov = io->iov, .iovcnt = io->iovcnt };

	if (io->base)
		return len < 1U << 30 ? len : 1U << 30;
	bpf_loop(MAX_IOV, length_step, &l, 0);
	return l.bytes;
}

/* Copies `want` <= VIEW bytes, `skip` bytes into the call, to dst. Returns the number of bytes copied. */
__noinline int io_copy(const struct io *io, __u32 skip, __u32 want, struct room *dst)
{
	if (!io || !dst)
		return 0;
	if (io->base) {
		__u64 n = want;

		asm volatile("" : "+r"(n)); /* the verifier must see this very register bounded */
		if (n > VIEW)
			n = VIEW;
		if (bpf_probe_read_user(dst->b, n, (void *)(io->base + skip))) {
			count_drop(CLEW_DROP_USER_FAULT);
			return 0;
		}
		count_in(&stats, STAT_COPIED, n);
		return n;
	}
	if (!io->iovcnt)
		return 0;
	struct gather g = { .dst = dst, .iov = io->iov, .iovcnt = io->iovcnt, .skip = skip, .want = want };

	bpf_loop(MAX_IOV, gather_step, &g, 0);
	if (g.fault)
		count_drop(CLEW_DROP_USER_FAULT);
	count_in(&stats, STAT_COPIED, g.filled);
	return g.filled > VIEW ? VIEW : g.filled;
}

#endif
