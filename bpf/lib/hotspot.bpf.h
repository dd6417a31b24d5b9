/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * HotSpot: who runs on a thread, and which task. `javas` says where its structures have what is read (agent/runtime/hotspot.cc).
 *
 * Everything that is read here is another process's memory and may say anything; collectors move objects meanwhile.
 */
#ifndef CLEW_HOTSPOT_H
#define CLEW_HOTSPOT_H

#include <bpf/bpf_core_read.h>

#include "maps.bpf.h"
#include "pthread.bpf.h"
#include "user.bpf.h"

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
	struct java_thread fresh = {};
	const struct java_thread *known;

	if (!jvm || !self)
		return 0;
	known = bpf_map_lookup_elem(&java_threads, &tid);
	if (known && is_java_thread(jvm, known->thread, self))
		return known->thread;
	for (__u32 i = 0; i < PTHREAD_KEYS; i++) {
		fresh.thread = pthread_specific(self, i);
		if (!is_java_thread(jvm, fresh.thread, self))
			continue;
		if (bpf_map_update_elem(&java_threads, &tid, &fresh, BPF_ANY))
			count_drop(CLEW_DROP_THREAD_FULL);
		return fresh.thread;
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

#define FUTURE_TASK "java/util/concurrent/FutureTask"
#define FUTURE_TASK_LENGTH (sizeof(FUTURE_TASK) - 1)
#define MAX_SUPERCLASSES 4
#define OBJECT_CLASS 8 /* behind the mark word */
#define OBJECT_FIELDS 12
#define TASK_NEW 0 /* FutureTask.state, its first field: it waits or runs */
#define TASK_REFERENCES 4 /* FutureTask's own, behind its state, in whatever order */
#define STACK_WORDS 256 /* that are looked at together */
#define STACK_PIECES 8
#define STACK_OBJECTS 64 /* ... until so many objects were no running task: a pool's frames come first */

/* What was read last. Here and not on the stack, of which kernels before 6.13 give 512 bytes to a program and all that it calls. */
struct java_reading {
	__u64 self; /* the object of the thread that runs */
	__u64 buffer[2]; /* of a thread's allocations: where it begins, how far it is used */
	__u64 words[STACK_WORDS];
	__u32 fields[1 + 2 * TASK_REFERENCES]; /* of a task: its state, and references of one or two words each */
	char name[FUTURE_TASK_LENGTH];
	__u32 objects; /* that may still be looked at */
};
/* One for sk_msg, which may be interrupted by a task that is traced on the same CPU (see `scratches`), and one for the others. */
enum java_reader { JAVA_BY_CAPTURE = 0, JAVA_BY_MSG, JAVA_READERS };
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, JAVA_READERS);
	__type(key, __u32);
	__type(value, struct java_reading);
} java_readings SEC(".maps");

static __always_inline struct java_reading *java_reading(__u32 reader)
{
	return bpf_map_lookup_elem(&java_readings, &reader);
}

enum is_task {
	TASK_NO = 0,
	TASK_YES,
	TASK_UNKNOWN, /* what says so was not read from the disk yet: the next time, perhaps */
};

/* Is `class` FutureTask itself? */
static __always_inline enum is_task is_future_task(const struct java *jvm, __u64 class, struct java_reading *reading)
{
	const __u64 name = user_word(class + jvm->class_name);
	__u16 length = 0;

	if (!name || bpf_probe_read_user(&length, sizeof(length), (void *)(name + jvm->symbol_length)))
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
static __always_inline int is_task_class(const struct java *jvm, __u32 id, struct java_reading *reading)
{
	enum is_task is;
	__u64 class = jvm->class_base + ((__u64)id << jvm->class_shift);

	for (__u32 i = 0; i < MAX_SUPERCLASSES && class; i++) {
		is = is_future_task(jvm, class, reading);
		if (is != TASK_NO)
			return is;
		class = user_word(class + jvm->class_super);
	}
	return TASK_NO;
}

/* The task at `object` has not ended (its result might be a thread), and leads to the thread that runs: only by its `runner` can it. */
static __always_inline int is_run_here(const struct java *jvm, __u64 object, struct java_reading *reading)
{
	const int narrow = jvm->oop_bytes == sizeof(__u32);
	const __u64 self = narrow ? (reading->self - jvm->oop_base) >> jvm->oop_shift : reading->self;
	__u32 *fields = reading->fields;

	if (bpf_probe_read_user(fields, sizeof(reading->fields), (void *)(object + OBJECT_FIELDS)) || fields[0] != TASK_NEW)
		return 0;
	for (__u32 i = 0; i < TASK_REFERENCES; i++) {
		if (self == (narrow ? fields[1 + i] : (__u64)fields[2 + 2 * i] << 32 | fields[1 + 2 * i]))
			return 1;
	}
	return 0;
}

/* The object at `at` is a task that this thread runs now. */
__noinline int is_running_task(__u64 at, __u32 reader)
{
	struct java *jvm = current_java();
	struct java_reading *reading = java_reading(reader);
	__u32 id = 0, *other;
	int is;

	if (!jvm || !reading || bpf_probe_read_user(&id, sizeof(id), (void *)(at + OBJECT_CLASS)) || !id)
		return 0;
	other = &jvm->other_classes[(id >> 3 ^ id >> 11) % JAVA_CLASSES];
	if (*other == id)
		return 0;
	is = is_task_class(jvm, id, reading);
	if (is == TASK_NO)
		*other = id;
	return is == TASK_YES && is_run_here(jvm, at, reading);
}

/* Where in the piece of this thread's stack that ends at `end` the first task is that the thread runs; 0: none is there. */
__noinline __u64 task_in_piece(__u64 end, __u32 reader)
{
	const struct java *jvm = current_java();
	struct java_reading *piece = java_reading(reader);
	__u64 begin, size, last = 0;

	if (!jvm || !piece || bpf_probe_read_user(piece->words, sizeof(piece->words), (void *)(end - sizeof(piece->words))))
		return 0;
	begin = jvm->heap_begin;
	size = jvm->heap_end - begin;
	for (__u32 i = STACK_WORDS; i-- > 0;) {
		const __u64 word = piece->words[i];

		if (word - begin >= size || word & 7 || word == last)
			continue;
		if (!piece->objects)
			return 0;
		piece->objects--;
		last = word;
		if (is_running_task(word, reader))
			return end - sizeof(piece->words) + i * sizeof(word);
	}
	return 0;
}

/*
 * The task that this thread runs, `thread` of its machine: of several that run in each other the outermost, which is the one that a pool has given
 * it; 0: none. It is near the beginning of the stack, and where the last one was when nothing was compiled anew since.
 */
static __always_inline __u64 running_task_of(const struct java *jvm, __u64 thread, __u32 reader)
{
	const __u64 sp = ((struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()))->sp, own = pthread_self();
	const __u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct java_thread *known = bpf_map_lookup_elem(&java_threads, &tid);
	struct java_reading *reading = java_reading(reader);
	__u64 end, task;

	if (!known || !reading)
		return 0;
	reading->self = user_word(thread + jvm->thread_object);
	if (jvm->object_by_handle && reading->self)
		reading->self = user_word(reading->self);
	if (!reading->self)
		return 0;
	end = user_word(thread + jvm->stack_base);
	if (own > sp && own < end)
		end = own & ~7ULL; /* what glibc keeps of a thread is above its stack */
	task = known->task_at > sp && known->task_at < end ? user_word(known->task_at) : 0;
	if (task && is_running_task(task, reader))
		return task;
	reading->objects = STACK_OBJECTS;
	for (__u32 i = 0; i < STACK_PIECES && end > sp && reading->objects; i++, end -= STACK_WORDS * sizeof(__u64)) {
		known->task_at = task_in_piece(end, reader);
		if (known->task_at)
			return user_word(known->task_at);
	}
	return 0;
}

/* Reads the allocation buffer of `thread`. Returns 0 on success. */
static __always_inline long read_buffer(const struct java *jvm, __u64 thread, struct java_reading *reading)
{
	return bpf_probe_read_user(reading->buffer, sizeof(reading->buffer), (void *)(thread + jvm->buffer));
}

#endif
