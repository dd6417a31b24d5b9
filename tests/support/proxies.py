"""Web servers of the distribution as static servers and reverse proxies, started in a sandbox."""

from tests.support import environment
from tests.support.sandbox import TRACED, listening, wait_until

_NGINX = """
daemon off; user root; worker_processes 1; pid {folder}/nginx-{port}.pid; error_log {folder}/nginx-{port}.err;
worker_rlimit_nofile 40000;
events {{ worker_connections 16000; }}
http {{
  access_log off; keepalive_requests 100000000; client_max_body_size 100m;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  {upstream}
  server {{ listen 127.0.0.1:{port} backlog=4096; {location} }}
}}
"""

_HAPROXY = """
global
  maxconn 2000
  {splice}
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
  {option}
listen all
  bind 127.0.0.1:{port}
  server upstream 127.0.0.1:{upstream}
"""

_APACHE = """
ServerRoot {folder}
ServerName localhost
PidFile {folder}/apache.pid
ErrorLog {folder}/apache.err
Listen 127.0.0.1:{port}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
User www-data
Group www-data
KeepAlive On
MaxKeepAliveRequests 0
ProxyPass / http://127.0.0.1:{upstream}/ keepalive=On
"""

_APACHE_MODULES = "/usr/lib/apache2/modules"


def _start(sandbox, name, port, command, group):
    process = sandbox.spawn(name, command, group=group)
    wait_until(lambda: listening(port), name, process=process)
    return process


def _nginx(sandbox, name, location, upstream, group, cpu):
    port = sandbox.free_port()
    path = sandbox.folder / f"{name}-{port}.conf"
    path.write_text(
        _NGINX.format(folder=sandbox.folder, port=port, upstream=upstream, location=location)
    )
    command = [*environment.pinned(cpu), environment.need_tool("nginx"), "-e", sandbox.folder / "nginx.err", "-c", path]
    return port, _start(sandbox, name, port, command, group)


def nginx_static(sandbox, size, group=TRACED, cpu=None):
    """nginx with one worker and the file /file of `size` bytes. Returns port and process."""
    root = sandbox.folder / "www"
    root.mkdir(exist_ok=True)
    (root / "file").write_bytes(b"a" * size)
    return _nginx(sandbox, "nginx-static", f"root {root};", "", group, cpu)


def nginx_proxy(sandbox, upstream_port, buffered=True, group=TRACED, cpu=None):
    """nginx with one worker before 127.0.0.1:upstream_port, connections kept open. Returns port and process."""
    switch = "on" if buffered else "off"
    return _nginx(
        sandbox,
        "nginx-proxy",
        'location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";'
        f" proxy_buffering {switch}; proxy_request_buffering {switch}; }}",
        f"upstream up {{ server 127.0.0.1:{upstream_port}; keepalive 64; keepalive_requests 100000000; }}",
        group,
        cpu,
    )


def haproxy(sandbox, upstream_port, splice, group=TRACED):
    """haproxy before 127.0.0.1:upstream_port, moving bodies by splice() or not at all. Returns port and process."""
    port = sandbox.free_port()
    path = sandbox.folder / f"haproxy-{port}.conf"
    path.write_text(
        _HAPROXY.format(
            port=port,
            upstream=upstream_port,
            splice="" if splice else "nosplice",
            option="option splice-request\n  option splice-response" if splice else "",
        )
    )
    return port, _start(sandbox, "haproxy", port, [environment.need_tool("haproxy"), "-db", "-f", path], group)


def apache(sandbox, upstream_port, group=TRACED):
    """Apache as a reverse proxy before 127.0.0.1:upstream_port. Returns port and process; None when not installed."""
    program = environment.tool("apache2")
    if program is None:
        return None
    port = sandbox.free_port()
    path = sandbox.folder / f"apache-{port}.conf"
    path.write_text(
        _APACHE.format(folder=sandbox.folder, port=port, upstream=upstream_port, modules=_APACHE_MODULES)
    )
    return port, _start(sandbox, "apache", port, [program, "-DFOREGROUND", "-f", path], group)
