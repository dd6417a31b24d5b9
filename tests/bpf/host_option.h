/* The TCP option's bytes (bpf/lib/option.h), compiled for the host. */
#ifndef CLEW_TESTS_HOST_OPTION_H
#define CLEW_TESTS_HOST_OPTION_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct host_option {
	uint8_t trace_id[16], span_id[8], flags;
};
enum { HOST_OPTION_SIZE = 28, HOST_OPTIONS_MAX = 40 };

void host_option_put(uint8_t *out, const struct host_option *value);
/* Looks through the first `size` <= HOST_OPTIONS_MAX bytes of a header's options. 1: found. */
int host_option_get(const uint8_t *options, size_t size, struct host_option *value);

#ifdef __cplusplus
}
#endif
#endif
