/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * CPython (L1): for which request does a task of asyncio work, and an item in the queue of a thread pool? docs/causality.md, "Python".
 *
 * Everything that is read here is another process's memory: it may say anything, so each answer is checked by a second one that must agree.
 */
#ifndef CLEW_PYTHON_H
#define CLEW_PYTHON_H

#include "maps.bpf.h"
#include "pthread.bpf.h"
#include "user.bpf.h"

#define MAX_TASK_DEPTH 16 /* tasks that made each other between a request and the last of them */

static __always_inline int follows_tasks(__u32 proc_flags)
{
	return (proc_flags & (PROC_ASYNCIO | PROC_NO_TASK)) == PROC_ASYNCIO;
}

static __always_inline struct python_thread *python_thread(int create)
{
	const __u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct python_thread *t = bpf_map_lookup_elem(&python_threads, &tid);
	struct python_thread fresh = {};

	if (t || !create)
		return t;
	if (bpf_map_update_elem(&python_threads, &tid, &fresh, BPF_NOEXIST))
		count_drop(CLEW_DROP_THREAD_FULL);
	return bpf_map_lookup_elem(&python_threads, &tid);
}

#define DICT_KEYS 32 /* PyDictObject.ma_keys */
#define DICT_WORDS 21 /* the table of the smallest dictionary: its head, 8 indices, 5 entries of hash, key and value */
#define DICT_PIECE 7 /* words that are read at a time: the stack is small */

/*
 * The task that this thread runs: the one that it has entered last, if the dictionary of current tasks holds it still. A step's end takes it
 * out of there, so that no probe is needed for that. 0: none, or so many loops that the table has grown.
 */
__noinline __u64 running_task(void)
{
	const struct python_thread *t = python_thread(0);
	__u64 words[DICT_PIECE];
	__u64 at;

	if (!t || !t->task)
		return 0;
	at = user_word(t->current_tasks + DICT_KEYS);
	for (__u32 piece = 0; piece < DICT_WORDS / DICT_PIECE; piece++, at += sizeof(words)) {
		if (bpf_probe_read_user(words, sizeof(words), (void *)at))
			return 0;
		for (__u32 i = 0; i < DICT_PIECE; i++) {
			if (words[i] == t->task)
				return t->task;
		}
	}
	return 0;
}

/* The thread's state in the interpreter if `at` points to it: it names its thread as pthread_self() does. */
static __always_inline int is_thread_state(__u64 at, __u64 self, const struct python *py)
{
	return at && user_word(at + py->thread_id) == self;
}

/*
 * Which of its callbacks does this thread run? Each callback and each step of a task runs in a context of its own (PEP 567), and the
 * interpreter counts how often it has entered and left one. 0: not known. As long as the answer is the same, no other callback has begun.
 */
__noinline __u64 callback_run(void)
{
	const __u32 tgid = bpf_get_current_pid_tgid() >> 32;
	const struct python *py = bpf_map_lookup_elem(&pythons, &tgid);
	struct python_thread *t = python_thread(1);
	const __u64 self = pthread_self();
	__u64 at;

	if (!py || !t || !self)
		return 0;
	if (!is_thread_state(t->state, self, py)) {
		t->state = 0;
		for (__u32 i = 0; i < PTHREAD_KEYS && !t->state; i++) {
			at = pthread_specific(self, i);
			if (is_thread_state(at, self, py))
				t->state = at;
		}
		if (!t->state)
			return 0;
	}
	return user_word(t->state + py->context_version) + 1; /* 0 is a count, too */
}

static __always_inline struct task_key task_key(__u64 task)
{
	struct task_key key = { .task = task, .tgid = bpf_get_current_pid_tgid() >> 32 };

	return key;
}

/* The request that `task` works for: key in `live`, 0: none. It may be answered meanwhile. */
static __always_inline __u64 task_request(__u64 task)
{
	const struct task_key key = task_key(task);
	const struct task_request *r = task ? bpf_map_lookup_elem(&tasks, &key) : 0;

	return r && !r->shared ? r->span : 0;
}

/* The head of the request `span` was read: what the callback does until it ends is because of that. Not so where a task reads, which goes on
 * with what it has to do, and where a second request is read in the same callback. */
__noinline int python_read(__u64 span)
{
	const __u64 run = callback_run();
	struct python_thread *t = python_thread(0);

	if (!t)
		return 0;
	t->read_span = run && t->read_run != run && !running_task() ? span : 0;
	t->read_run = run;
	t->bound = 0;
	return 0;
}

/*
 * A task that waits may be woken by a request for which it does not work alone: a worker takes the next one from a queue without waiting for it,
 * while the first is not answered. One that serves a connection takes nothing from elsewhere.
 */
static __always_inline int serves_connection(const struct task_request *task, __u64 conn)
{
	if (task->conn && task->conn != conn)
		return 0;
	return task->by_callback || task->answered;
}

/* `task` has come to life in the callback that has read a request's head: it was made there, or has waited. Two such tasks: it is neither's. */
static __always_inline void bind_task(struct python_thread *t, __u64 task, int made)
{
	const struct task_key key = task_key(task);
	struct task_request bound = {}, *known = made ? 0 : bpf_map_lookup_elem(&tasks, &key);
	const __u64 span = t->read_span;
	const struct live *request = bpf_map_lookup_elem(&live, &span);

	if (!request || t->bound == task)
		return;
	if (t->bound) {
		const struct task_key other = task_key(t->bound);

		bpf_map_delete_elem(&tasks, &other);
		t->read_span = 0;
		return;
	}
	if (known)
		bound = *known;
	if (!made && (!known || !serves_connection(known, request->conn))) {
		bound.shared = bound.conn && bound.conn != request->conn;
		if (bound.shared)
			bpf_map_update_elem(&tasks, &key, &bound, BPF_ANY);
		return;
	}
	bound.span = span;
	bound.conn = request->conn;
	bound.depth = 0;
	bpf_map_update_elem(&tasks, &key, &bound, BPF_ANY);
	t->bound = task;
}

/* The request that the task works for which this thread runs: key in `live`, 0: none. */
static __always_inline __u64 python_parent(void)
{
	return task_request(running_task());
}

/* The answer to the live request of `c` begins. A task that works for another one meanwhile: tasks serve whom they please here. */
static __always_inline void python_answers(const struct conn *c, struct proc *proc)
{
	const struct task_key key = task_key(running_task());
	struct task_request first = { .conn = c->id, .answered = 1 }, *known;
	__u64 span;

	if (!key.task)
		return;
	known = bpf_map_lookup_elem(&tasks, &key);
	if (!known) {
		bpf_map_update_elem(&tasks, &key, &first, BPF_ANY);
		return;
	}
	span = known->shared ? 0 : known->span;
	if (span && span != c->live_span && bpf_map_lookup_elem(&live, &span)) {
		__sync_fetch_and_or(&proc->flags, PROC_NO_TASK);
		count_stat(STAT_TASK_DEMOTED);
	}
	if (known->conn && known->conn != c->id)
		known->shared = 1;
	known->conn = c->id;
	known->answered = 1;
}

#endif
