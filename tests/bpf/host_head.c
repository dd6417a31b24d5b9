#include "tests/bpf/host_head.h"

#include <linux/types.h>
#include <string.h>

/* What the kernel and libbpf provide elsewhere. */
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define __noinline __attribute__((noinline))
static long bpf_loop(__u32 n, long (*step)(__u32, void *), void *ctx, __u64 flags)
{
	__u32 i;

	(void)flags;
	for (i = 0; i < n; i++)
		if (step(i, ctx))
			return i + 1;
	return n;
}
#include "bpf/lib/head.bpf.h"

#define PIECE_MAX 4000 /* CLEW_DATA_MAX */

struct host_head host_scan(const char *bytes, size_t size, size_t piece)
{
	static _Thread_local struct view view;
	struct host_head out = {0};
	struct head head = {0};
	size_t at = 0;

	if (!piece || piece > PIECE_MAX)
		piece = PIECE_MAX;
	while (at < size && !out.ended && !out.bad) {
		const size_t got = size - at < piece ? size - at : piece;
		struct head_scan scan = {.names = 1};
		const size_t carried = head.carry_len;

		memset(&view, 0xa5, sizeof(view)); /* what lies behind the bytes must not matter */
		memcpy(view.b, head.carry, carried);
		memcpy(view.b + carried, bytes + at, got);
		scan.n = carried + got;
		scan_head(&view, &head, &scan);
		out.bad = scan.bad;
		if (scan.first_line_end)
			out.first_line_end = scan.first_line_end;
		if (scan.end) {
			out.ended = 1;
			out.head_size = at + scan.end - carried;
			for (__u32 i = 0; i < scan.state_lines && i < STATE_LINES; i++) {
				const size_t used = strlen(out.state);

				if (used + scan.state_len[i] + 1 < sizeof(out.state)) {
					if (used)
						strcat(out.state, ",");
					strncat(out.state, view.b + scan.state_at[i], scan.state_len[i]);
				}
			}
		} else {
			carry_line(&view, &head, &scan);
		}
		at += got;
	}
	out.tp_lines = head.tp_lines;
	out.tp_valid = head.tp_valid;
	memcpy(out.trace_id, head.trace_id, 16);
	memcpy(out.parent_id, head.parent_id, 8);
	out.trace_flags = head.trace_flags;
	out.b3_seen = head.b3_seen;
	memcpy(out.b3_trace_id, head.b3_trace_id, 16);
	memcpy(out.b3_parent_id, head.b3_parent_id, 8);
	out.b3_flags = head.b3_flags;
	out.has_length = head.has_length;
	out.length = head.length;
	out.chunked = head.chunked;
	return out;
}
