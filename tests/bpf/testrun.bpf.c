/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Wraps library functions as raw tracepoints, the one type that can be test-run here and takes arguments. */
#include "maps.bpf.h"

struct result {
	struct head head;
	struct head_scan scan;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct view);
} input SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct result);
} output SEC(".maps");

/* args[0]: bytes in `input` */
SEC("raw_tp/sys_enter")
int run_scan_head(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 zero = 0;
	struct view *view = bpf_map_lookup_elem(&input, &zero);
	struct result *out = bpf_map_lookup_elem(&output, &zero);

	if (!view || !out)
		return -1;
	__builtin_memset(out, 0, sizeof(*out));
	out->scan.n = ctx->args[0];
	out->scan.names = 1;
	scan_head(view, &out->head, &out->scan);
	return out->scan.end;
}

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct option_bytes);
} option_input SEC(".maps");

/* args[0]: bytes in `option_input`. -1: no option; else the first byte of its span id and the flags. */
SEC("raw_tp/sys_enter")
int run_option_get(struct bpf_raw_tracepoint_args *ctx)
{
	struct option_bytes *bytes, copy;
	struct option_value value = {};
	__u32 zero = 0;

	bytes = bpf_map_lookup_elem(&option_input, &zero);
	if (!bytes)
		return -2;
	copy = *bytes; /* on the stack, as where it is used */
	return option_get(&copy, ctx->args[0], &value) ? value.span_id[0] << 8 | value.flags : -1;
}

/* So that the record types are in this object's BTF. */
struct clew_conn_event abi_conn;
struct clew_data_event abi_data;
struct clew_bytes_event abi_bytes;
struct clew_proc_event abi_proc;
struct clew_handback_event abi_handback;

char LICENSE[] SEC("license") = "Dual BSD/GPL";
