/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Java (L1): the task that a pool's worker runs was made by a thread while it served a request, and a virtual thread serves the request
 * that it has read. docs/causality.md, "Java". No probe: HotSpot's own structures are read when a call is made.
 *
 *   thread A   reads R ── new FutureTask ── gives it to a pool ──        A makes its objects in a buffer of its own: whose object lies
 *   thread B                  └─ runs it ── writes call C                in it, whose object it is. B's stack leads to the task, which
 *                                                                        says itself that B runs it.
 */
#ifndef CLEW_JAVA_H
#define CLEW_JAVA_H

#include "hotspot.bpf.h"

static __always_inline int follows_java(__u32 proc_flags)
{
	return (proc_flags & (PROC_JAVA | PROC_AWAKE | PROC_NO_JAVA)) == (PROC_JAVA | PROC_AWAKE);
}

/* The request that the virtual thread on `thread` has read last: key in `live`, 0: none. */
static __always_inline __u64 virtual_thread_serves(const struct java *jvm, __u64 thread)
{
	const struct virtual_thread v = mounted_on(jvm, thread);
	const __u64 *known = v.id ? bpf_map_lookup_elem(&virtual_threads, &v) : 0;

	return known ? *known : 0;
}

#define SERVER_TRIES 16
/* The place that thread `tid` tries after `i` others. */
static __always_inline __u32 server_place(__u32 tid, __u32 i)
{
	return (tid * SERVER_TRIES + i) % JAVA_SERVERS;
}

/* Thread `tid` does not serve `span` any more; 0: nothing at all. */
static __always_inline void server_ends(struct java *jvm, __u32 tid, __u64 span)
{
	for (__u32 i = 0; i < SERVER_TRIES; i++) {
		const __u32 at = server_place(tid, i);
		struct java_server *s = &jvm->servers[at];

		if (s->tid == tid && (!span || s->span == span)) {
			__sync_fetch_and_and(&jvm->serving[at / 64], ~(1ULL << at % 64));
			s->tid = 0;
			s->span = JAVA_FREE;
		}
	}
}

/* This thread, `thread` of its machine, has read `span` and will do nothing else until it has answered. */
static __always_inline void server_begins(struct java *jvm, __u64 thread, __u64 span)
{
	struct java_reading *reading = java_reading(JAVA_BY_CAPTURE);
	const __u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 before;

	server_ends(jvm, tid, 0);
	if (!reading || read_buffer(jvm, thread, reading))
		return;
	for (__u32 i = 0; i < SERVER_TRIES; i++) {
		const __u32 at = server_place(tid, i);
		struct java_server *s = &jvm->servers[at];

		before = s->span;
		if (before == JAVA_BUSY || (before && bpf_map_lookup_elem(&live, &before)))
			continue;
		if (__sync_val_compare_and_swap(&s->span, before, JAVA_BUSY) != before)
			continue;
		s->thread = thread;
		s->tid = tid;
		s->start = reading->buffer[0];
		s->top = reading->buffer[1];
		s->seen_start = 0;
		s->seen_top = 0;
		barrier();
		*(volatile __u64 *)&s->span = span;
		__sync_fetch_and_or(&jvm->serving[at / 64], 1ULL << at % 64);
		return;
	}
	count_drop(CLEW_DROP_THREAD_FULL);
}

/* The request of `conn`, `span`, was read by this thread. `blocking`: the read could wait. Returns 1 when that contradicts what is believed. */
__noinline int java_serves(__u64 conn, __u64 span, int blocking)
{
	struct java *jvm = current_java();
	const __u64 thread = java_thread();
	const struct live *other;
	struct virtual_thread v;
	__u64 before;

	if (!jvm || !thread)
		return 0;
	if (!is_carrier(jvm, thread)) {
		if (blocking)
			server_begins(jvm, thread, span);
		return 0;
	}
	before = virtual_thread_serves(jvm, thread);
	other = before ? bpf_map_lookup_elem(&live, &before) : 0;
	v = mounted_on(jvm, thread);
	if (v.id)
		bpf_map_update_elem(&virtual_threads, &v, &span, BPF_ANY);
	return other && other->conn != conn; /* does it serve another connection's still? */
}

/* The request for which the thread of server `i` has made the object at `object`; 0: it is not certain that it has. */
__noinline __u64 made_by(__u32 i, __u64 object, __u32 reader)
{
	struct java_reading *reading = java_reading(reader);
	struct java *jvm = current_java();
	struct java_server *s;
	__u64 span, thread, from;

	if (!jvm || !reading || i >= JAVA_SERVERS)
		return 0;
	s = &jvm->servers[i];
	span = *(volatile __u64 *)&s->span;
	thread = s->thread;
	if (span == JAVA_FREE || span == JAVA_BUSY)
		return 0;
	if (read_buffer(jvm, thread, reading) || !reading->buffer[0])
		return 0;
	/* A buffer that it has got since holds nothing older than the request. */
	from = reading->buffer[0] == s->start ? s->top : reading->buffer[0];
	s->seen_start = from;
	s->seen_top = reading->buffer[1];
	if (object < from || object >= reading->buffer[1])
		return 0;
	barrier();
	return *(volatile __u64 *)&s->span == span && s->thread == thread ? span : 0;
}

/* As made_for, among the 64 servers from 64 * `group` on. */
__noinline __u64 made_in_group(__u32 group, __u64 object, int seen, __u32 reader)
{
	struct java *jvm = current_java();
	__u64 serving, span;

	if (!jvm || group >= JAVA_SERVERS / 64)
		return 0;
	serving = jvm->serving[group];
	for (__u32 i = 0; i < 64; i++) {
		const struct java_server *s = &jvm->servers[group * 64 + i];

		if (!(serving >> i & 1) || (seen && object - s->seen_start >= s->seen_top - s->seen_start))
			continue;
		span = made_by(group * 64 + i, object, reader);
		if (span)
			return span;
	}
	return 0;
}

/* The request for which a thread has made the object at `object`: key in `live`, 0: not known. `seen`: only those are asked whose buffer held it
 * when that was looked at last. */
static __always_inline __u64 made_for(const struct java *jvm, __u64 object, int seen, __u32 reader)
{
	__u64 span;

	for (__u32 group = 0; group < JAVA_SERVERS / 64; group++) {
		span = jvm->serving[group] ? made_in_group(group, object, seen, reader) : 0;
		if (span)
			return span;
	}
	return 0;
}

/* The request for which this thread works: key in `live`, 0: none, or it has read one itself and that is its evidence (L2). It may be answered
 * meanwhile. `reader`: enum java_reader. */
__noinline __u64 java_parent(__u32 reader)
{
	const __u32 tid = (__u32)bpf_get_current_pid_tgid();
	const struct serving *s = bpf_map_lookup_elem(&threads, &tid);
	const struct java *jvm = current_java();
	__u64 thread, task, span;

	if (!jvm || (s && bpf_map_lookup_elem(&live, &s->span)))
		return 0;
	thread = java_thread();
	if (!thread)
		return 0;
	if (is_carrier(jvm, thread))
		return virtual_thread_serves(jvm, thread);
	task = running_task_of(jvm, thread, reader);
	if (!task)
		return 0;
	span = made_for(jvm, task, 1, reader);
	return span ? span : made_for(jvm, task, 0, reader);
}

/* Virtual threads do not serve here what they have read. */
static __always_inline void java_demote(struct proc *proc)
{
	__sync_fetch_and_or(&proc->flags, PROC_NO_JAVA);
	count_stat(STAT_JAVA_DEMOTED);
}

/* The answer to the live request `span`, which thread `reader` has read, begins. A virtual thread that serves another one contradicts; so does
 * a pool's worker, but then threads mean nothing here (L2), and tasks nothing without them. */
static __always_inline void java_answers(__u64 span, __u32 reader, struct proc *proc)
{
	struct java *jvm = current_java();
	__u64 thread, mine;

	if (!jvm)
		return;
	server_ends(jvm, reader, span);
	thread = jvm->owner_id ? java_thread() : 0;
	if (!thread || !is_carrier(jvm, thread))
		return;
	mine = virtual_thread_serves(jvm, thread);
	if (mine && mine != span && bpf_map_lookup_elem(&live, &mine))
		java_demote(proc);
}

/* Thread `tid` of the current process ends. */
static __always_inline void java_ends(__u32 tid)
{
	struct java *jvm = current_java();

	bpf_map_delete_elem(&java_threads, &tid);
	if (jvm)
		server_ends(jvm, tid, 0);
}

#endif
