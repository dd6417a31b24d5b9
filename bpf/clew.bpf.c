/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* One object, so that all programs share the maps. Which programs are loaded is the loader's decision. */
#include "maps.bpf.h"

#include "capture_socket.bpf.c"
#include "capture_syscall.bpf.c"
#include "handback.bpf.c"
#include "inject.bpf.c"
#include "option.bpf.c"
#include "process.bpf.c"
#include "runtime_go.bpf.c"
#include "runtime_libuv.bpf.c"
#include "runtime_nginx.bpf.c"
#include "runtime_python.bpf.c"
#include "sockops.bpf.c"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
