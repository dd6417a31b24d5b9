/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Probes in CPython's extension modules; agent/runtime/asyncio.cc and executor.cc say where they go. */
#include "lib/runtime.bpf.h"

/* PyDict_SetItem(current_tasks, loop, task, ...), and what else does so: the thread enters the task. */
SEC("uprobe")
int asyncio_entered(struct pt_regs *ctx)
{
	struct python_thread *t;

	if (!probed_proc(PROC_ASYNCIO))
		return 0;
	t = python_thread(1);
	if (!t)
		return 0;
	t->current_tasks = ctx->di;
	t->task = ctx->dx;
	return 0;
}

/* Task.__init__(task, ...): a task is made, by another task or by a callback. */
SEC("uprobe")
int asyncio_made(struct pt_regs *ctx)
{
	const struct task_key key = task_key(ctx->di);
	struct task_request *maker, inherited = { .by_callback = 1 };
	struct python_thread *t;
	struct task_key by = key;
	__u64 span;

	if (!probed_proc(PROC_ASYNCIO))
		return 0;
	bpf_map_delete_elem(&tasks, &key); /* another one was at this address */
	t = python_thread(0);
	if (!t)
		return 0;
	by.task = running_task();
	if (by.task) {
		maker = bpf_map_lookup_elem(&tasks, &by);
		if (!maker || !maker->span || maker->shared || maker->depth >= MAX_TASK_DEPTH)
			return 0;
		span = maker->span;
		if (!bpf_map_lookup_elem(&live, &span))
			return 0; /* answered: what begins now is nobody's */
		inherited = *maker;
		inherited.depth++;
		inherited.by_callback = 0;
		inherited.answered = 0;
		bpf_map_update_elem(&tasks, &key, &inherited, BPF_ANY);
		return 0;
	}
	if (t->read_span && t->read_run == callback_run())
		bind_task(t, key.task, 1);
	else if (t->task) /* else the loop does not run yet: these are its workers */
		bpf_map_update_elem(&tasks, &key, &inherited, BPF_ANY);
	return 0;
}

#define FUTURE_CALLBACK 24 /* FutureObj.fut_callback0 */
#define FUNCTION_SELF 24 /* PyCFunctionObject.m_self: the task's wake-up is a bound method */
#define WAKEUP_TASK 16 /* 3.9: TaskWakeupMethWrapper.ww_task */

/* Future.set_result(future, ...) in the callback that has read a request's head: whoever waits for it goes on for that request. Which task
 * waits is said by the future and must be said by the task, too. */
SEC("uprobe")
int asyncio_set(struct pt_regs *ctx)
{
	const __u32 tgid = bpf_get_current_pid_tgid() >> 32;
	const __u64 future = ctx->di;
	struct python_thread *t;
	const struct python *py;
	__u64 callback, task;

	if (!probed_proc(PROC_ASYNCIO))
		return 0;
	t = python_thread(0);
	py = bpf_map_lookup_elem(&pythons, &tgid);
	if (!t || !py || !t->read_span || t->read_run != callback_run())
		return 0;
	callback = user_word(future + FUTURE_CALLBACK);
	task = user_word(callback + FUNCTION_SELF);
	if (!task || user_word(task + py->waits_for) != future)
		task = user_word(callback + WAKEUP_TASK);
	if (task && user_word(task + py->waits_for) == future)
		bind_task(t, task, 0);
	return 0;
}

#define OBJECT_TYPE 8 /* PyObject.ob_type */
#define TYPE_NAME 24 /* PyTypeObject.tp_name */

/* What a ThreadPoolExecutor queues: a worker does nothing else between one and the next, which cannot be said of other items. */
static __always_inline int is_work_item(__u64 object)
{
	const char wanted[] = "_WorkItem";
	char name[sizeof(wanted)];

	if (bpf_probe_read_user(name, sizeof(name), (void *)user_word(user_word(object + OBJECT_TYPE) + TYPE_NAME)))
		return 0;
	for (__u32 i = 0; i < sizeof(wanted); i++) {
		if (name[i] != wanted[i])
			return 0;
	}
	return 1;
}

/* SimpleQueue.put(queue, args, ...) */
SEC("uprobe")
int executor_put(struct pt_regs *ctx)
{
	struct proc *p = probed_proc(PROC_EXECUTOR);
	struct task_key key;
	__u64 span;

	if (!p)
		return 0;
	key = task_key(user_word(ctx->si));
	span = works_for(p->flags);
	if (span && bpf_map_lookup_elem(&live, &span) && is_work_item(key.task))
		bpf_map_update_elem(&work_items, &key, &span, BPF_ANY);
	else
		bpf_map_delete_elem(&work_items, &key); /* another one was at this address */
	return 0;
}

/* SimpleQueue.get() or get_nowait() returns an item, or NULL. */
SEC("uprobe")
int executor_got(struct pt_regs *ctx)
{
	const __u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct serving got = { .link = CLEW_LINK_RUNTIME }, *now;
	struct task_key key;
	__u64 *span;

	if (!probed_proc(PROC_EXECUTOR))
		return 0;
	key = task_key(ctx->ax);
	span = key.task ? bpf_map_lookup_elem(&work_items, &key) : 0;
	if (span) {
		got.span = *span;
		bpf_map_delete_elem(&work_items, &key);
	}
	now = bpf_map_lookup_elem(&threads, &tid);
	/* A request that it has read itself and not answered: it helps others meanwhile, if at all. */
	if (now && now->link == CLEW_LINK_THREAD && bpf_map_lookup_elem(&live, &now->span)) {
		if (span && now->span != got.span)
			bpf_map_delete_elem(&threads, &tid);
		return 0;
	}
	if (span)
		bpf_map_update_elem(&threads, &tid, &got, BPF_ANY);
	else if (now)
		bpf_map_delete_elem(&threads, &tid);
	return 0;
}
