/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Java (L1): the task that a pool's worker runs was made by a thread while it served a request, and a virtual thread serves the request
 * that it has read. docs/causality.md, "Java". No probe: HotSpot's own structures are read when a call is made.
 *
 *   thread A   reads R ── new FutureTask ── gives it to a pool ──        A makes its objects in a buffer of its own: whose object lies
 *   thread B                  └─ runs it ── writes call C                in it, whose object it is. B's stack leads to the task, which
 *                                                                        says itself that B runs it.
 *
 * Everything that is read here is another process's memory and may say anything; collectors move objects meanwhile.
 */
#ifndef CLEW_JAVA_H
#define CLEW_JAVA_H

#include <bpf/bpf_core_read.h>

#include "maps.bpf.h"
#include "pthread.bpf.h"
#include "user.bpf.h"

static __always_inline int follows_java(__u32 proc_flags)
{
	return (proc_flags & (PROC_JAVA | PROC_AWAKE | PROC_NO_JAVA)) == (PROC_JAVA | PROC_AWAKE);
}

static __always_inline struct java *current_java(void)
{
	const __u32 tgid = bpf_get_current_pid_tgid() >> 32;

	return bpf_map_lookup_elem(&javas, &tgid);
}

/* `at` is the JavaThread of the thread whose pthread_self() is `self`: it names it. */
static __always_inline int is_java_thread(const struct java *jvm, __u64 at, __u64 self)
{
	const __u64 os_thread = at ? user_word(at + jvm->os_thread) : 0;

	return os_thread && user_word(os_thread + jvm->pthread) == self;
}

/* The JavaThread of this thread; 0: it is none. */
__noinline __u64 java_thread(void)
{
	const __u32 tid = (__u32)bpf_get_current_pid_tgid();
	const struct java *jvm = current_java();
	const __u64 self = pthread_self();
	const __u64 *known;
	__u64 at;

	if (!jvm || !self)
		return 0;
	known = bpf_map_lookup_elem(&java_threads, &tid);
	if (known && is_java_thread(jvm, *known, self))
		return *known;
	for (__u32 i = 0; i < PTHREAD_KEYS; i++) {
		at = pthread_specific(self, i);
		if (!is_java_thread(jvm, at, self))
			continue;
		if (bpf_map_update_elem(&java_threads, &tid, &at, BPF_ANY))
			count_drop(CLEW_DROP_THREAD_FULL);
		return at;
	}
	return 0;
}

/* A virtual thread runs on `thread` now. */
static __always_inline int is_carrier(const struct java *jvm, __u64 thread)
{
	return jvm->mounted && user_word(thread + jvm->mounted);
}

/* That one; with id 0 when this machine does not say which. */
static __always_inline struct virtual_thread mounted_on(const struct java *jvm, __u64 thread)
{
	const struct virtual_thread v = {
		.id = jvm->owner_id ? user_word(thread + jvm->owner_id) : 0,
		.tgid = bpf_get_current_pid_tgid() >> 32,
	};

	return v;
}

/* The request that the virtual thread on `thread` has read last: key in `live`, 0: none. */
static __always_inline __u64 virtual_thread_serves(const struct java *jvm, __u64 thread)
{
	const struct virtual_thread v = mounted_on(jvm, thread);
	const __u64 *known = v.id ? bpf_map_lookup_elem(&virtual_threads, &v) : 0;

	return known ? *known : 0;
}

#define SERVER_TRIES 16
static __always_inline struct java_server *server_at(struct java *jvm, __u32 tid, __u32 i)
{
	return &jvm->servers[(tid * SERVER_TRIES + i) % JAVA_SERVERS];
}

/* This thread, `thread` of its machine, has read `span` and will do nothing else until it has answered. */
static __always_inline void server_begins(struct java *jvm, __u64 thread, __u64 span)
{
	const __u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 before;

	for (__u32 i = 0; i < SERVER_TRIES; i++) {
		struct java_server *s = server_at(jvm, tid, i);

		before = s->span;
		if (before == JAVA_BUSY || (s->tid != tid && before && bpf_map_lookup_elem(&live, &before)))
			continue;
		if (__sync_val_compare_and_swap(&s->span, before, JAVA_BUSY) != before)
			continue;
		s->thread = thread;
		s->tid = tid;
		s->start = user_word(thread + jvm->buffer_start);
		s->top = user_word(thread + jvm->buffer_top);
		s->seen_start = 0;
		s->seen_top = 0;
		barrier();
		*(volatile __u64 *)&s->span = span;
		return;
	}
	count_drop(CLEW_DROP_THREAD_FULL);
}

/* Thread `tid` does not serve `span` any more; 0: nothing at all. */
static __always_inline void server_ends(struct java *jvm, __u32 tid, __u64 span)
{
	for (__u32 i = 0; i < SERVER_TRIES; i++) {
		struct java_server *s = server_at(jvm, tid, i);

		if (s->tid == tid && (!span || s->span == span)) {
			s->tid = 0;
			s->span = JAVA_FREE;
		}
	}
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
	if (blocking) {
		server_begins(jvm, thread, span);
		return 0;
	}
	if (!is_carrier(jvm, thread))
		return 0;
	before = virtual_thread_serves(jvm, thread);
	other = before ? bpf_map_lookup_elem(&live, &before) : 0;
	v = mounted_on(jvm, thread);
	if (v.id)
		bpf_map_update_elem(&virtual_threads, &v, &span, BPF_ANY);
	return other && other->conn != conn; /* does it serve another connection's still? */
}

#define FUTURE_TASK "java/util/concurrent/FutureTask"
#define FUTURE_TASK_LENGTH (sizeof(FUTURE_TASK) - 1)
#define MAX_SUPERCLASSES 4
#define OBJECT_CLASS 8 /* behind the mark word */
#define OBJECT_FIELDS 12
#define TASK_FIELDS 5 /* FutureTask's own: its state and four references, in whatever order */
#define STACK_WORDS 256 /* that are looked at together */
#define STACK_PIECES 8

/* What was read last. Here and not on the stack, of which kernels before 6.13 give 512 bytes to a program and all that it calls. */
struct java_reading {
	__u64 words[STACK_WORDS];
	union {
		__u32 narrow[TASK_FIELDS];
		__u64 wide[TASK_FIELDS];
	} fields;
	char name[FUTURE_TASK_LENGTH];
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct java_reading);
} java_readings SEC(".maps");

static __always_inline struct java_reading *java_reading(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&java_readings, &zero);
}

enum is_task {
	TASK_NO = 0,
	TASK_YES,
	TASK_UNKNOWN, /* what says so was not read from the disk yet: the next time, perhaps */
};

/* Is `class` FutureTask itself? */
static __always_inline enum is_task is_future_task(const struct java *jvm, __u64 class)
{
	const __u64 name = user_word(class + jvm->class_name);
	struct java_reading *reading = java_reading();
	__u16 length = 0;

	if (!reading || !name || bpf_probe_read_user(&length, sizeof(length), (void *)(name + jvm->symbol_length)))
		return TASK_UNKNOWN;
	if (length != FUTURE_TASK_LENGTH)
		return TASK_NO;
	if (bpf_probe_read_user(reading->name, sizeof(reading->name), (void *)(name + jvm->symbol_text)))
		return TASK_UNKNOWN;
	for (__u32 i = 0; i < FUTURE_TASK_LENGTH; i++) {
		if (reading->name[i] != FUTURE_TASK[i])
			return TASK_NO;
	}
	return TASK_YES;
}

/* Are objects that call their class `id` FutureTasks, or of a class that is derived from that? enum is_task. */
static __always_inline int is_task_class(__u32 id)
{
	const struct java *jvm = current_java();
	enum is_task is;
	__u64 class;

	if (!jvm)
		return TASK_UNKNOWN;
	class = jvm->class_base + ((__u64)id << jvm->class_shift);
	for (__u32 i = 0; i < MAX_SUPERCLASSES && class; i++) {
		is = is_future_task(jvm, class);
		if (is != TASK_NO)
			return is;
		class = user_word(class + jvm->class_super);
	}
	return TASK_NO;
}

/* One of the fields of the task at `object` is `reference`, as fields have it: only its `runner` can be a thread. */
static __always_inline int refers_to(const struct java *jvm, __u64 object, __u64 reference)
{
	struct java_reading *reading = java_reading();

	if (!reading)
		return 0;
	if (jvm->oop_bytes == sizeof(__u32)) {
		__u32 *narrow = reading->fields.narrow;

		reference = (reference - jvm->oop_base) >> jvm->oop_shift;
		if (bpf_probe_read_user(narrow, TASK_FIELDS * sizeof(*narrow), (void *)(object + OBJECT_FIELDS)))
			return 0;
		for (__u32 i = 0; i < TASK_FIELDS; i++) {
			if (narrow[i] == reference)
				return 1;
		}
		return 0;
	}
	__u64 *wide = reading->fields.wide;

	/* The state comes first, and fills the word that the class began. */
	if (bpf_probe_read_user(wide, TASK_FIELDS * sizeof(*wide), (void *)(object + OBJECT_FIELDS + sizeof(__u32))))
		return 0;
	for (__u32 i = 0; i < TASK_FIELDS; i++) {
		if (wide[i] == reference)
			return 1;
	}
	return 0;
}

/* The object at `at` is a task that the thread whose object is at `self` runs now. */
__noinline int is_running_task(__u64 at, __u64 self)
{
	struct java *jvm = current_java();
	__u32 id = 0, *other;
	int is;

	if (!jvm || bpf_probe_read_user(&id, sizeof(id), (void *)(at + OBJECT_CLASS)) || !id)
		return 0;
	other = &jvm->other_classes[(id >> 3 ^ id >> 11) % JAVA_CLASSES];
	if (*other == id)
		return 0;
	is = is_task_class(id);
	if (is == TASK_NO)
		*other = id;
	return is == TASK_YES && refers_to(jvm, at, self);
}

/* The task that the thread whose object is at `self` runs, by the piece of its stack that ends at `end`; 0: none is there. */
__noinline __u64 task_in_piece(__u64 end, __u64 self)
{
	const struct java *jvm = current_java();
	struct java_reading *piece = java_reading();
	__u64 begin, size, last = 0;

	if (!jvm || !piece || bpf_probe_read_user(piece->words, sizeof(piece->words), (void *)(end - sizeof(piece->words))))
		return 0;
	begin = jvm->heap_begin;
	size = jvm->heap_end - begin;
	for (__u32 i = STACK_WORDS; i-- > 0;) {
		const __u64 word = piece->words[i];

		if (word - begin >= size || word & 7 || word == last)
			continue;
		last = word;
		if (is_running_task(word, self))
			return word;
	}
	return 0;
}

/*
 * The task that this thread runs, `thread` of its machine: of several that run in each other the outermost, which is the one that a pool has given
 * it; 0: none. It is near the beginning of the stack.
 */
static __always_inline __u64 running_task_of(const struct java *jvm, __u64 thread)
{
	const struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	const __u64 sp = regs->sp;
	__u64 end = user_word(thread + jvm->stack_base), self = user_word(thread + jvm->thread_object), task;

	if (jvm->object_by_handle && self)
		self = user_word(self);
	if (!self)
		return 0;
	for (__u32 i = 0; i < STACK_PIECES && end > sp; i++, end -= STACK_WORDS * sizeof(__u64)) {
		task = task_in_piece(end, self);
		if (task)
			return task;
	}
	return 0;
}

/* The request for which the thread of server `i` has made the object at `object`; 0: it is not certain that it has. */
__noinline __u64 made_by(__u32 i, __u64 object)
{
	struct java *jvm = current_java();
	struct java_server *s;
	__u64 span, thread, start, top, from;

	if (!jvm || i >= JAVA_SERVERS)
		return 0;
	s = &jvm->servers[i];
	span = *(volatile __u64 *)&s->span;
	thread = s->thread;
	if (span == JAVA_FREE || span == JAVA_BUSY)
		return 0;
	start = user_word(thread + jvm->buffer_start);
	top = user_word(thread + jvm->buffer_top);
	/* A buffer that it has got since holds nothing older than the request. */
	from = start == s->start ? s->top : start;
	s->seen_start = from;
	s->seen_top = top;
	if (!start || object < from || object >= top)
		return 0;
	barrier();
	return *(volatile __u64 *)&s->span == span && s->thread == thread ? span : 0;
}

/* The request for which a thread has made the object at `object`: key in `live`, 0: not known. */
__noinline __u64 made_for(__u64 object)
{
	struct java *jvm = current_java();
	__u64 span;

	if (!jvm)
		return 0;
	for (__u32 i = 0; i < JAVA_SERVERS; i++) { /* whose buffer held it when that was looked at last */
		const struct java_server *s = &jvm->servers[i];

		if (object - s->seen_start >= s->seen_top - s->seen_start)
			continue;
		span = made_by(i, object);
		if (span)
			return span;
	}
	for (__u32 i = 0; i < JAVA_SERVERS; i++) {
		if (jvm->servers[i].span <= JAVA_BUSY)
			continue;
		span = made_by(i, object);
		if (span)
			return span;
	}
	return 0;
}

/* The request for which this thread works: key in `live`, 0: none, or it has read one itself and that is its evidence (L2). It may be answered
 * meanwhile. */
static __always_inline __u64 java_parent(void)
{
	const __u32 tid = (__u32)bpf_get_current_pid_tgid();
	const struct serving *s = bpf_map_lookup_elem(&threads, &tid);
	const struct java *jvm = current_java();
	__u64 thread, task;

	if (!jvm || (s && bpf_map_lookup_elem(&live, &s->span)))
		return 0;
	thread = java_thread();
	if (!thread)
		return 0;
	if (is_carrier(jvm, thread))
		return virtual_thread_serves(jvm, thread);
	task = running_task_of(jvm, thread);
	return task ? made_for(task) : 0;
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
