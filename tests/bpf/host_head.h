/* The kernel side's head scanner, compiled for the host. */
#ifndef CLEW_TESTS_HOST_HEAD_H
#define CLEW_TESTS_HOST_HEAD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct host_head {
	int ended; /* the blank line came */
	int bad; /* not an HTTP/1.x request */
	size_t head_size; /* bytes up to and with the blank line, when ended */
	size_t first_line_end; /* of the piece in which the request line ended */
	int tp_lines;
	int tp_valid;
	uint8_t trace_id[16], parent_id[8], trace_flags;
	int b3_seen;
	uint8_t b3_trace_id[16], b3_parent_id[8], b3_flags;
	int has_length;
	uint64_t length;
	int chunked;
	char state[513]; /* joined tracestate of the last piece; only whole when the head came in one */
};

/* Scans `size` bytes that come in pieces of `piece` bytes (0: one piece), as the capture programs do. */
struct host_head host_scan(const char *bytes, size_t size, size_t piece);

#ifdef __cplusplus
}
#endif
#endif
