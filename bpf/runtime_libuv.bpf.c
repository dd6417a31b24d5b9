/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Probes where the callbacks of libuv's loops begin; agent/runtime/libuv.cc says where they go. */
#include "lib/runtime.bpf.h"

/* A callback begins that no read announces, or may not. */
SEC("uprobe")
int libuv_callback(struct pt_regs *ctx)
{
	const struct proc *p = probed_proc(PROC_LOOP | PROC_AWAKE);

	if (p)
		loop_callback(p->flags, 0);
	return 0;
}

#define POLLOUT 4
/* uv__stream_io(loop, watcher, events): a stream's callback begins. It reads; with POLLOUT it also tells that a connection is there, or
 * that earlier writes are out. */
SEC("uprobe")
int libuv_stream(struct pt_regs *ctx)
{
	const struct proc *p = probed_proc(PROC_LOOP | PROC_AWAKE);

	if (p)
		loop_callback(p->flags, (ctx->dx & POLLOUT) != 0);
	return 0;
}
