"""The workloads of the overhead benchmark: what runs, what wrk asks, and how many spans a request must give.

The service has core 0 to itself and saturates it; load generator, agent and what takes the spans share core 1.
"""

import dataclasses
import typing

from tests.support import environment, programs, proxies
from tests.support.sandbox import CLEW, PLAIN, listening, wait_until
from tests.support.shop import SOURCES as SHOP

SERVICE_CPU, OTHER_CPU = 0, 1
_BENCH_SERVICES = environment.ROOT / "tests" / "bench" / "services"
_CAUSALITY_SERVICES = environment.ROOT / "tests" / "causality" / "services"


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    start: typing.Callable  # Sandbox -> URL to load
    connections: int
    spans_per_request: int
    least_ratio: float  # the throughput that is wanted, of the untraced
    most_p99_us: typing.Optional[int]  # that p99 may grow by; None: no limit, latency is all queueing


def _nginx_static(sandbox):
    port, _ = proxies.nginx_static(sandbox, 2048, cpu=SERVICE_CPU)
    return f"http://127.0.0.1:{port}/file"


def _nginx_proxy(sandbox):
    upstream, _ = proxies.nginx_static(sandbox, 2048, group=PLAIN, cpu=OTHER_CPU)
    port, _ = proxies.nginx_proxy(sandbox, upstream, cpu=SERVICE_CPU)
    return f"http://127.0.0.1:{port}/file"


def _flask(sandbox):
    port = sandbox.free_port()
    gunicorn = [environment.PYTHON, "-m", "gunicorn", "--workers", 1, "--backlog", 512]
    process = sandbox.spawn(
        "flask",
        [*environment.pinned(SERVICE_CPU), *gunicorn, "--bind", f"127.0.0.1:{port}", "flask_app:app"],
        cwd=_BENCH_SERVICES,
    )
    wait_until(lambda: listening(port), "gunicorn", process=process)
    return f"http://127.0.0.1:{port}/users/42"


def _node(sandbox):
    port = sandbox.free_port()
    process = sandbox.spawn(
        "node",
        [*environment.pinned(SERVICE_CPU), environment.need_tool("node"), SHOP / "pricing.js"],
        variables={"PORT": port, "WORK_MS": 0},
    )
    wait_until(lambda: listening(port), "node", process=process)
    return f"http://127.0.0.1:{port}/price/42"


def _node_call(sandbox):
    upstream, _ = proxies.nginx_static(sandbox, 2048, group=PLAIN, cpu=OTHER_CPU)
    port = sandbox.free_port()
    process = sandbox.spawn(
        "node",
        [
            *environment.pinned(SERVICE_CPU), environment.need_tool("node"), _BENCH_SERVICES / "calls.js", port,
            f"http://127.0.0.1:{upstream}/file",
        ],
    )  # fmt: skip
    wait_until(lambda: listening(port), "node", process=process)
    return f"http://127.0.0.1:{port}/"


def _go_call(sandbox):
    following, _ = proxies.nginx_static(sandbox, 2048, group=PLAIN, cpu=OTHER_CPU)
    port = sandbox.free_port()
    process = sandbox.spawn(
        "go",
        [*environment.pinned(SERVICE_CPU), programs.go(_CAUSALITY_SERVICES / "calls.go")],
        variables={"PORT": port, "NEXT": f"http://127.0.0.1:{following}", "BACKGROUND": 0},
    )
    wait_until(lambda: listening(port), "the service", process=process)
    return f"http://127.0.0.1:{port}/seq/1/file"


def _java_pool(sandbox):
    following, _ = proxies.nginx_static(sandbox, 2048, group=PLAIN, cpu=OTHER_CPU)
    port = sandbox.free_port()
    java = [environment.need_tool("java"), "-Dsun.net.httpserver.nodelay=true", "-Dhttp.maxConnections=400"]
    process = sandbox.spawn(
        "java",
        [*environment.pinned(SERVICE_CPU), *java, "-cp", programs.java(_CAUSALITY_SERVICES / "Calls.java"), "Calls", "pool"],
        variables={"PORT": port, "NEXT": f"http://127.0.0.1:{following}", "BACKGROUND": 0},
    )
    wait_until(lambda: listening(port), "the service", process=process)
    return f"http://127.0.0.1:{port}/pool/1/file"


WORKLOADS = (
    # Enough connections that nginx never waits for wrk: with 32 it does, as soon as anything else runs on wrk's core.
    Workload("nginx_static", _nginx_static, 128, 1, 0.85, None),
    Workload("nginx_proxy", _nginx_proxy, 128, 2, 0.85, None),
    Workload("flask", _flask, 8, 1, 0.95, 500),
    Workload("node", _node, 16, 1, 0.95, 500),
    Workload("node_call", _node_call, 16, 2, 0.95, 500),
    Workload("go_call", _go_call, 16, 2, 0.95, 500),
    Workload("java_pool", _java_pool, 16, 2, 0.95, 500),
)


class Neighbour:
    """A process that takes a share of the load generator's core, as the agent does; by `with`."""

    def __init__(self, sandbox, share):
        program = environment.binary("clew-bench-neighbour")
        if program is None:
            raise FileNotFoundError("clew-bench-neighbour is not built")
        self._process = sandbox.spawn(
            "neighbour", [*environment.pinned(OTHER_CPU), program, f"{share:.3f}"], group=CLEW
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stop()
