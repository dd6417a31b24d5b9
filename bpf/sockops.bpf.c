/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Sockets as they come and go: which may live in the SOCKHASH (inject.bpf.c) and when they leave it, which carry and take the TCP option
 * (lib/option.bpf.h); and the same for those that were open before. Attached to the configured cgroups. Kernel 5.10.
 */
#include "lib/conn.bpf.h"
#include "lib/option.bpf.h"

#define SOL_TCP 6
#define TCP_NODELAY 1
#define TCP_BPF_SOCK_OPS_CB_FLAGS 1008 /* kernel 6.13 */

static __always_inline void leave_map(struct bpf_sock_ops *ops, struct conn *c, __u32 why)
{
	__u64 key = bpf_get_socket_cookie(ops);

	if (!bpf_map_delete_elem(&sockets, &key))
		count_stat(why);
	clear_flags(c, CONN_IN_MAP | CONN_LEAVE);
}

/* An acknowledgement came in: the only moment at which a socket can leave the map without being asked. */
static __always_inline void on_ack(struct bpf_sock_ops *ops, struct bpf_sock *sk, struct conn *c)
{
	struct tcp_sock *tp;

	if (!(c->flags & CONN_IN_MAP))
		return;
	if (c->flags & CONN_LEAVE) {
		leave_map(ops, c, STAT_LEFT_NOT_HTTP);
		bpf_sock_ops_cb_flags_set(ops, 0);
		return;
	}
	if (!c->big && !(c->flags & CONN_UNTIL_ACK))
		return;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return;
	/* While the application still writes the body it is not in recv, and nothing is queued for it. */
	if (c->big && c->inject_phase == INJECT_BODY && (__s32)(c->next_seq - tp->write_seq) > 0 && tp->rcv_nxt == tp->copied_seq) {
		c->big = 0;
		set_flags(c, CONN_EVICTED);
		leave_map(ops, c, STAT_LEFT_LARGE);
		return;
	}
	if (c->flags & CONN_UNTIL_ACK && c->requests && (__s32)(tp->snd_una - c->next_seq) >= 0)
		leave_map(ops, c, STAT_LEFT_ACKED);
}

/* Where the helper for it is missing: sock_ops, before kernel 6.10. */
static __always_inline __u32 current_tgid(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, tgid);
}

/* The state of a socket of which capture knows nothing; `flags`: BPF_ANY replaces what is there, by the back end with addresses. */
static __always_inline struct conn *make_conn(struct bpf_sock *sk, __u64 flags)
{
	struct conn *c;
	__u32 zero = 0;
	__u64 key;

	c = bpf_map_lookup_elem(&empty_conn, &zero);
	if (!c)
		return 0;
	if (cfg_conn_storage)
		return bpf_sk_storage_get(&conn_storage, sk, c, BPF_SK_STORAGE_GET_F_CREATE);
	key = (__u64)sk;
	bpf_map_update_elem(&conn_hash, &key, c, flags);
	return bpf_map_lookup_elem(&conn_hash, &key);
}

static __always_inline int peer_takes_options(struct bpf_sock_ops *ops)
{
	const __u32 v6[4] = { ops->remote_ip6[0], ops->remote_ip6[1], ops->remote_ip6[2], ops->remote_ip6[3] };

	return option_network(ops->family, ops->remote_ip4, v6);
}

/* connect() begins, in the caller's context: the only one where the process is known. */
static __always_inline void on_connecting(struct bpf_sock_ops *ops, struct conn *c)
{
	struct proc *proc = known_proc(current_tgid());
	__u16 port = __builtin_bswap32(ops->remote_port);

	if (!proc || bpf_map_lookup_elem(&skip_ports, &port))
		return;
	if (peer_takes_options(ops))
		set_flags(c, CONN_OPTION);
	if (!(proc->flags & PROC_INJECT))
		return;
	set_flags(c, CONN_WANTED);
	if (proc->flags & PROC_UNTIL_ACK)
		set_flags(c, CONN_UNTIL_ACK);
}

/* A socket of the self-test connects: it gets the callbacks of what is tested once it is connected, for only kernels from 6.13 on can
 * give them to a connected one. A pair before it may have had the address: no capture is attached yet that would have noticed its end. */
static __always_inline void self_test_connecting(struct bpf_sock *sk)
{
	struct conn *c = make_conn(sk, BPF_ANY);

	if (c)
		set_flags(c, CONN_SELFTEST);
}

static __always_inline void on_connected(struct bpf_sock_ops *ops, struct conn *c)
{
	int flags = c->flags & CONN_OPTION ? BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG : 0, one = 1;
	__u64 key;

	if (c->flags & CONN_SELFTEST) {
		bpf_sock_ops_cb_flags_set(ops, option_on ? BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG : BPF_SOCK_OPS_RTT_CB_FLAG);
		return;
	}
	if (c->flags & CONN_WANTED) {
		/* A message that leaves in pieces would wait for the peer's delayed acknowledgement between them. */
		bpf_setsockopt(ops, SOL_TCP, TCP_NODELAY, &one, sizeof(one));
		key = bpf_get_socket_cookie(ops);
		if (bpf_sock_hash_update(ops, &sockets, &key, BPF_ANY)) {
			count_stat(STAT_ENTER_FAILED);
		} else {
			count_stat(STAT_ENTERED);
			set_flags(c, CONN_IN_MAP);
			flags |= BPF_SOCK_OPS_RTT_CB_FLAG;
		}
	}
	if (flags)
		bpf_sock_ops_cb_flags_set(ops, flags);
}

SEC("sockops")
int watch_sockets(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk;
	struct conn *c;

	switch (ops->op) {
	case BPF_SOCK_OPS_PARSE_HDR_OPT_CB:
		option_receive(ops);
		return 1;
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		if (peer_takes_options(ops))
			bpf_sock_ops_cb_flags_set(ops, BPF_SOCK_OPS_PARSE_UNKNOWN_HDR_OPT_CB_FLAG);
		return 1;
	case BPF_SOCK_OPS_RTT_CB:
	case BPF_SOCK_OPS_HDR_OPT_LEN_CB:
	case BPF_SOCK_OPS_WRITE_HDR_OPT_CB:
	case BPF_SOCK_OPS_TCP_CONNECT_CB:
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
		break;
	default:
		return 1;
	}
	sk = ops->sk;
	if (!sk)
		return 1;
	if (ops->op == BPF_SOCK_OPS_TCP_CONNECT_CB && self_test_tgid && current_tgid() == self_test_tgid) {
		self_test_connecting(sk);
		return 1;
	}
	c = sock_conn(sk);
	if (!c)
		return 1;
	switch (ops->op) {
	case BPF_SOCK_OPS_RTT_CB:
		on_ack(ops, sk, c);
		break;
	case BPF_SOCK_OPS_HDR_OPT_LEN_CB:
		option_room(ops, c);
		break;
	case BPF_SOCK_OPS_WRITE_HDR_OPT_CB:
		option_write(ops, c);
		break;
	case BPF_SOCK_OPS_TCP_CONNECT_CB:
		on_connecting(ops, c);
		break;
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
		on_connected(ops, c);
		break;
	}
	return 1;
}

/*
 * Prepares a socket that was open before, for user space, which then may put it into the map: attached only while it does. User
 * space calls setsockopt on its own copy of the descriptor with this option, which the kernel never sees.
 */
#define CLEW_SOL_ADOPT 0x434c4557
enum adopt_mode {
	ADOPT_IDLE = 1, /* a client's: the next byte that it sends begins a request */
	ADOPT_BUSY = 2, /* a client's, in the middle of something */
	ADOPT_SELFTEST = 3, /* as idle, of the agent's own pair, which has its callbacks */
	ADOPT_PROBE = 4, /* the same with options only, on every segment */
	ADOPT_SERVER = 5, /* takes options */
	ADOPT_RELEASE = 6, /* of the agent's own pair: no options any more */
	ADOPT_MODE = 15,
	/* and with a client's: */
	ADOPT_UNTIL_ACK = 16,
	ADOPT_NO_MAP = 32, /* options only */
};

static __always_inline int set_callbacks(struct bpf_sock *sk, int flags)
{
	return bpf_setsockopt(sk, SOL_TCP, TCP_BPF_SOCK_OPS_CB_FLAGS, &flags, sizeof(flags));
}

/* 0, or -1 when the kernel refuses. */
static __always_inline int adopt_client(struct bpf_sock *sk, struct conn *c, __u8 mode, int options)
{
	const __u8 kind = mode & ADOPT_MODE;
	const int into_map = !(mode & ADOPT_NO_MAP) && kind != ADOPT_PROBE;
	struct bpf_tcp_sock *tp = bpf_tcp_sock(sk);
	int one = 1;

	if (mode & ADOPT_UNTIL_ACK)
		set_flags(c, CONN_UNTIL_ACK);
	else
		clear_flags(c, CONN_UNTIL_ACK);
	if (c->flags & CONN_IN_MAP) /* opened before it was known by which rule its process lives; all else is settled */
		return 0;
	if (kind != ADOPT_SELFTEST && kind != ADOPT_PROBE &&
	    set_callbacks(sk, (into_map ? BPF_SOCK_OPS_RTT_CB_FLAG : 0) | (options ? BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG : 0)))
		return -1;
	if (options)
		set_flags(c, CONN_OPTION);
	if (kind == ADOPT_SELFTEST || kind == ADOPT_PROBE)
		set_flags(c, CONN_SELFTEST);
	if (kind == ADOPT_PROBE) {
		c->out.trace_id[0] = 1;
		c->out.span_id[0] = 1;
		c->option = OPTION_PROBE;
	}
	if (kind == ADOPT_IDLE && tp && !c->tx.seq_valid) { /* so that the first request is seen to begin here */
		c->tx.seq = tp->snd_nxt; /* all that was written is sent */
		c->tx.seq_valid = 1;
	}
	if (!into_map)
		return 0;
	if (bpf_setsockopt(sk, SOL_TCP, TCP_NODELAY, &one, sizeof(one)))
		return -1;
	set_flags(c, CONN_IN_MAP);
	c->inject_phase = kind == ADOPT_BUSY ? INJECT_ADOPTED : INJECT_START;
	c->requests = 1; /* what comes first may be the rest of a body: no judgement by it */
	count_stat(STAT_ENTERED);
	return 0;
}

SEC("cgroup/setsockopt")
int adopt_socket(struct bpf_sockopt *ctx)
{
	__u8 *value = ctx->optval, *end = ctx->optval_end;
	struct bpf_sock *sk = ctx->sk;
	struct conn *c;
	__u8 mode, kind;
	int options;

	if (ctx->level != CLEW_SOL_ADOPT || bpf_get_current_pid_tgid() >> 32 != adopter_tgid)
		return 1;
	if (value + 1 > end || !sk)
		return 0;
	mode = *value;
	kind = mode & ADOPT_MODE;
	{
		const __u32 v6[4] = { sk->dst_ip6[0], sk->dst_ip6[1], sk->dst_ip6[2], sk->dst_ip6[3] };

		options = kind == ADOPT_PROBE || (kind != ADOPT_SELFTEST && option_network(sk->family, sk->dst_ip4, v6));
	}
	ctx->optlen = -1; /* handled here */
	if (kind == ADOPT_SERVER)
		return !options || !set_callbacks(sk, BPF_SOCK_OPS_PARSE_UNKNOWN_HDR_OPT_CB_FLAG);
	c = make_conn(sk, BPF_NOEXIST);
	if (c && kind == ADOPT_RELEASE) {
		c->option = OPTION_NONE;
		return 1;
	}
	return c && !adopt_client(sk, c, mode, options);
}
