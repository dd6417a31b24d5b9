/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The probe in nginx; agent/runtime/nginx.cc says where it goes. */
#include "lib/runtime.bpf.h"
#include "lib/user.bpf.h"

/* The fields of nginx's structures that lead from an upstream call to its request; unchanged since 1.11, where --with-compat or TLS is
 * built in, as in all packages. Each step is checked, so that another layout names nobody. */
#define NGX_PEER_LOG 112 /* ngx_peer_connection_t.log */
#define NGX_LOG_DATA 40 /* ngx_log_t.data -> ngx_http_log_ctx_t { connection, request } */
#define NGX_CONNECTION_FD 24 /* ngx_connection_t.fd */
#define NGX_HTTP_MODULE 0x50545448 /* ngx_http_request_t.signature: "HTTP" */

/* ngx_event_connect_peer(peer): a connection for an upstream call is wanted, from a cache of idle ones or a new one. */
SEC("uprobe")
int nginx_peer(struct pt_regs *ctx)
{
	struct { /* ngx_http_log_ctx_t */
		__u64 connection;
		__u64 request;
	} log = {};
	struct { /* ngx_http_request_t */
		__u32 signature;
		__u32 pad;
		__u64 connection;
	} request = {};
	__u64 data;

	if (!probed_proc(PROC_NGINX))
		return 0;
	nginx_arm(0);
	data = user_word(user_word(ctx->di + NGX_PEER_LOG) + NGX_LOG_DATA);
	if (bpf_probe_read_user(&log, sizeof(log), (void *)data) ||
	    bpf_probe_read_user(&request, sizeof(request), (void *)log.request) || request.signature != NGX_HTTP_MODULE ||
	    request.connection != log.connection)
		return 0;
	nginx_arm(nginx_served(user_word(log.connection + NGX_CONNECTION_FD)));
	return 0;
}
