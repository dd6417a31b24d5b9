/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Probes in the event loops of traced processes; agent/kernel/loop_probes.cc attaches them, all of a runtime's or none. */
#include "lib/loop.bpf.h"

#include <bpf/bpf_core_read.h>

#define YOUNG_NS (5 * 1000000000ULL) /* a process of this age without socket calls had none before it was traced either */

/* The state of this thread's loop if its process is traced and has `kind`'s probes. This comes before all else. */
static __always_inline struct loop *probed_loop(__u32 kind)
{
	const __u64 id = bpf_get_current_pid_tgid();
	const __u32 tgid = id >> 32, tid = (__u32)id;
	struct proc *p = bpf_map_lookup_elem(&procs, &tgid);
	struct task_struct *task = (void *)bpf_get_current_task();
	struct loop fresh = {}, *l;

	if (!p || (p->flags & (PROC_TRACED | kind)) != (PROC_TRACED | kind))
		return 0;
	l = bpf_map_lookup_elem(&loops, &tid);
	if (l)
		return l;
	if (p->calls || bpf_ktime_get_boot_ns() - BPF_CORE_READ(task, group_leader, start_boottime) > YOUNG_NS)
		fresh.since_ns = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&loops, &tid, &fresh, BPF_NOEXIST))
		count_drop(CLEW_DROP_THREAD_FULL);
	return bpf_map_lookup_elem(&loops, &tid);
}

/* libuv: a callback begins that no read announces, or may not. */
SEC("uprobe")
int loop_turn(struct pt_regs *ctx)
{
	struct loop *l = probed_loop(PROC_LOOP);

	if (!l)
		return 0;
	l->cur = 0;
	l->writable = 0;
	return 0;
}

#define POLLOUT 4
/* uv__stream_io(loop, watcher, events): a stream's callback begins. It reads; with POLLOUT it also tells that a connection is there, or
 * that earlier writes are out. */
SEC("uprobe")
int loop_stream(struct pt_regs *ctx)
{
	struct loop *l = probed_loop(PROC_LOOP);

	if (!l)
		return 0;
	l->cur = 0;
	l->writable = (ctx->dx & POLLOUT) != 0;
	return 0;
}

/* The fields of nginx's structures that lead from an upstream call to its request; unchanged since 1.11, where --with-compat or TLS is
 * built in, as in all packages. Each step is checked, so that another layout names nobody. */
#define NGX_PEER_LOG 112 /* ngx_peer_connection_t.log */
#define NGX_LOG_DATA 40 /* ngx_log_t.data -> ngx_http_log_ctx_t { connection, request } */
#define NGX_CONNECTION_FD 24 /* ngx_connection_t.fd */
#define NGX_HTTP_MODULE 0x50545448 /* ngx_http_request_t.signature: "HTTP" */

static __always_inline __u64 user_word(__u64 at)
{
	__u64 word = 0;

	bpf_probe_read_user(&word, sizeof(word), (void *)at);
	return word;
}

/* ngx_event_connect_peer(peer): a connection for an upstream call is wanted, from a cache of idle ones or a new one. */
SEC("uprobe")
int loop_nginx_peer(struct pt_regs *ctx)
{
	struct loop *l = probed_loop(PROC_NGINX);
	struct { /* ngx_http_log_ctx_t */
		__u64 connection;
		__u64 request;
	} log = {};
	struct { /* ngx_http_request_t */
		__u32 signature;
		__u32 pad;
		__u64 connection;
	} request = {};
	__u64 key, data, *span;
	__u32 fd;

	if (!l)
		return 0;
	l->armed = 0;
	data = user_word(user_word(ctx->di + NGX_PEER_LOG) + NGX_LOG_DATA);
	if (bpf_probe_read_user(&log, sizeof(log), (void *)data) ||
	    bpf_probe_read_user(&request, sizeof(request), (void *)log.request) || request.signature != NGX_HTTP_MODULE ||
	    request.connection != log.connection)
		return 0;
	fd = user_word(log.connection + NGX_CONNECTION_FD);
	key = bpf_get_current_pid_tgid() >> 32 << 32 | fd;
	span = bpf_map_lookup_elem(&served, &key);
	if (span)
		l->armed = *span;
	return 0;
}
