/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The maps in which runtimes and pools leave their evidence (L1, L3, L5): who works for which request. */
#ifndef CLEW_EVIDENCE_MAPS_H
#define CLEW_EVIDENCE_MAPS_H

#include "include/kernel.h"

#include <bpf/bpf_helpers.h>

/* A thread that runs a loop of libuv's. Written by capture and by the probes in the loop, which both create it, and by the network's own
 * context when a connection ends. Deleted at the thread's exit. */
struct loop {
	__u64 cur; /* the request that the callback that runs now works for, key in `live`; 0: none */
	__u64 counted; /* for whom the call that is being made counts; 0: nobody */
	__u64 stranger_ns; /* when last a request may have been read that is not counted in `live`; 0: never */
	__u64 background_ns; /* when last a call was made that no live request can have waited for; 0: never */
	__s32 live; /* requests unanswered */
	__s32 busy; /* of these, with a call under way */
	__u8 by_reply; /* cur comes from reading a reply */
	__u8 writable; /* the callback is told that its socket takes bytes, or is connected */
	__u8 fan_out; /* a request had two calls under way at a time */
	__u8 generation; /* of the process when `cur` was set */
	__u8 doubtful; /* cur comes from the reply to a doubtful call */
	__u8 pad[3];
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct loop);
} loops SEC(".maps");
/* State of a new loop, all zero: the stack has no room for it. Read only. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct loop);
} empty_loop SEC(".maps");
/* CPython (lib/python.bpf.h): process -> where its structures have what is read there, in bytes. Written by user space. */
struct python {
	__u32 thread_id; /* PyThreadState.thread_id */
	__u32 context_version; /* PyThreadState.context_ver */
	__u32 waits_for; /* TaskObj.task_fut_waiter */
	__u32 pad;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u32);
	__type(value, struct python);
} pythons SEC(".maps");
/* A thread that enters tasks, or reads requests as an event loop does. Written by probes and by capture, deleted at its exit. */
struct python_thread {
	__u64 current_tasks; /* the dictionary that holds the running task of each loop, */
	__u64 task; /* and the task that was put there last */
	__u64 state; /* PyThreadState; 0: not found yet */
	__u64 read_run; /* the callback that has read a request's head last, see callback_run() */
	__u64 read_span; /* and that request; 0: several, or a task has read it */
	__u64 bound; /* the task that it has brought to life; 0: none yet */
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct python_thread);
} python_threads SEC(".maps");
/* A task of asyncio, or an item of a thread pool's queue, by its address -> the request that it is for. Written by probes. */
struct task_key {
	__u64 task;
	__u32 tgid;
	__u32 pad;
};
struct task_request {
	__u64 span; /* key in `live`; 0: none so far */
	__u64 conn; /* that it came by */
	__u32 depth; /* tasks between the first that worked for the request and this one */
	__u8 shared; /* it serves requests of several connections: it works for nobody that we know */
	__u8 by_callback; /* no task has made it: servers make those that serve a connection so, when it is there */
	__u8 answered; /* it has answered a request of `conn` itself */
	__u8 pad;
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct task_key);
	__type(value, struct task_request);
} tasks SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct task_key);
	__type(value, __u64);
} work_items SEC(".maps");
/* Java (lib/java.bpf.h): what is known of a virtual machine. */
#define JAVA_SERVERS 512 /* threads that serve requests at a time */
#define JAVA_CLASSES 256 /* that are remembered of what lies on stacks */
/* A thread that serves a request. Written by that thread, read by those that look for whom they work. */
struct java_server {
	__u64 span; /* the request, key in `live`; JAVA_FREE, JAVA_BUSY */
	__u64 thread; /* its JavaThread */
	__u64 start, top; /* its allocation buffer when it had read the request: where it began, and how far it was used */
	__u64 seen_start, seen_top; /* the same when it was looked at last */
	__u32 tid;
	__u32 pad;
};
#define JAVA_FREE 0
#define JAVA_BUSY 1 /* is being written */
struct java {
	/* Written by user space, as struct JavaLayout of agent/runtime/java_layout.h: */
	__u64 heap_begin, heap_end;
	__u64 class_base, oop_base;
	__u32 class_shift, oop_shift;
	__u32 oop_bytes;
	__u32 os_thread, buffer, stack_base, thread_object, object_by_handle, mounted, owner_id; /* JavaThread */
	__u32 pthread; /* OSThread */
	__u32 class_name, class_super, symbol_length, symbol_text;
	__u32 pad;
	/* Written by the kernel side: */
	__u32 other_classes[JAVA_CLASSES]; /* as objects name theirs: those that are no tasks, by their hash */
	__u64 serving[JAVA_SERVERS / 64]; /* a bit for each of them that serves one */
	struct java_server servers[JAVA_SERVERS];
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct java);
} javas SEC(".maps");
/* A thread that serves requests or calls in such a machine. Written by capture, deleted at its exit. */
struct java_thread {
	__u64 thread; /* its JavaThread */
	__u64 task_at; /* where on its stack the task was that it ran last; 0: it has not run any */
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct java_thread);
} java_threads SEC(".maps");
/* Virtual thread, by its number -> the request that it has read, key in `live`. */
struct virtual_thread {
	__u64 id;
	__u32 tgid;
	__u32 pad;
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct virtual_thread);
	__type(value, __u64);
} virtual_threads SEC(".maps");
/* nginx: (tgid, descriptor) of a client's connection -> the live request that was read from it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, __u64);
} served SEC(".maps");
/* nginx: thread -> the request of the upstream call that it is about to make, key in `live`. Written by the probe. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u64);
} armed SEC(".maps");

/* Go: an address in the memory of a process. */
struct go_at {
	__u64 address;
	__u32 tgid;
	__u32 pad;
};
enum go_role {
	GO_NONE = 0,
	GO_READS, /* has read the head of a request */
	GO_STARTED, /* was started by a goroutine that serves one */
	GO_WRITES, /* writes what others want to send on a pooled connection */
};
/* Goroutine, by its g -> what it has to do with requests. Written by capture and by the probes, which also tell that a g is another
 * goroutine's: it may outlive what it says. */
struct goroutine {
	__u64 span; /* reads, started: key in `live` */
	__u64 start; /* started: where its code begins */
	__u64 call; /* writes: the connection, as in `go_calls` */
	__u8 role; /* enum go_role */
	__u8 depth; /* started: by goroutines that were started themselves */
	__u8 sure; /* started: by the one that serves, or by one that was trusted */
	__u8 pad[5];
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, struct go_at);
	__type(value, struct goroutine);
} goroutines SEC(".maps");
/* Connection of net/http's client, by its persistConn -> the request that its next call is made for; 0: told. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct go_at);
	__type(value, __u64);
} go_calls SEC(".maps");
/* Function at which requests start goroutines -> what became of these. */
struct go_start {
	__u32 ended; /* before the answer to their request */
	__u32 late; /* or long after it */
	__u32 refused; /* they are no evidence */
	__u32 pad;
	__u64 doubt; /* g of one that had not ended when the answer began; 0: none */
	__u64 doubt_span;
	__u64 doubt_ns; /* when that was */
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct go_at);
	__type(value, struct go_start);
} go_starts SEC(".maps");
/* Live request -> the first goroutines that were started for it, while their function is not known well enough. */
#define GO_FAMILY 4
struct go_family {
	__u64 exit; /* where the runtime's goexit1 begins */
	__u32 exit_size;
	__u32 size;
	struct {
		__u64 g;
		__u64 start;
	} members[GO_FAMILY];
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct go_family);
} go_families SEC(".maps");

/* A thread that makes calls, or gets work, in a process with PROC_HANDBACK: its last call, and whom it has woken since
 * (lib/handback.bpf.h). Written by capture and by the scheduler's hooks, deleted at the thread's exit. */
struct worker {
	__u64 call; /* the call's span id; 0: none yet */
	__u64 conn; /* that it went by */
	__u64 parent; /* the request that it is known to be made for; 0: not known */
	__u64 called_ns;
	__u64 replied_ns; /* when this thread read the first byte of its reply; 0: it has not */
	__u64 woken; /* the request whose thread was woken since the reply; 0: none */
	__u8 fed; /* what it does began when a thread with a request woke it, or one that had begun so */
	__u8 mixed; /* it had several calls under way at a time: what it has read last says nothing */
	__u8 awaits; /* the call may get a parent by this */
	__u8 told; /* ... and user space knows of `woken` */
	__u8 spoiled; /* another thread with a request was woken, or one that had not waited for this */
	__u8 pad[3];
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct worker);
} workers SEC(".maps");
/* State of a new worker, all zero: the stack has no room for it. Read only. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct worker);
} empty_worker SEC(".maps");
/* A thread that serves a request, in such a process: its last wait. Written when it goes to sleep, deleted when it is woken for another
 * reason than a result, and at its exit. */
struct wait {
	__u64 span; /* the request, key in `live` */
	__u64 slept_ns; /* when the wait began */
	__u64 since_ns; /* ... or the first of several that have all ended with a result */
	__u64 ended; /* with a result */
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct wait);
} waiting SEC(".maps");

#endif
