#include "tests/bpf/host_option.h"

#include <linux/types.h>
#include <string.h>

#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#include "bpf/lib/option.h"

_Static_assert(HOST_OPTION_SIZE == OPTION_SIZE, "size");
_Static_assert(HOST_OPTIONS_MAX == OPTIONS_MAX, "room");

void host_option_put(uint8_t *out, const struct host_option *value)
{
	option_put(out, value->trace_id, value->span_id, value->flags);
}

int host_option_get(const uint8_t *options, size_t size, struct host_option *value)
{
	struct option_bytes bytes;
	struct option_value found;

	memset(&bytes, 0xa5, sizeof(bytes)); /* what lies behind the options must not matter */
	memcpy(bytes.b, options, size);
	if (!option_get(&bytes, size, &found))
		return 0;
	memcpy(value->trace_id, found.trace_id, 16);
	memcpy(value->span_id, found.span_id, 8);
	value->flags = found.flags;
	return 1;
}
