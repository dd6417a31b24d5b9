"""The cells of the harm benchmark: which program sends what, through what."""

import dataclasses
import fnmatch
import hashlib
import json
import os
import subprocess

from tests.support import environment, programs, proxies
from tests.support.sandbox import PLAIN, TRACED

_CLIENTS = environment.ROOT / "tests" / "bench" / "clients"

SIZES = (0, 3_000, 40_000, 200_000, 5_000_000)  # of the request's body, and of the answer's
WARM_UP = 10  # requests whose time does not count: compilers and pools are still starting

# Whose connection carries the request that is measured: a client's own, or a proxy's to its upstream.
CLIENTS = (
    "requests httpx aiohttp socket go node_http node_fetch java_httpclient java_url curl php_curl php_streams".split()
)
PROXIES = "nginx nginx_unbuffered haproxy haproxy_splice apache".split()

CELL_TIMEOUT_S = 180


@dataclasses.dataclass(frozen=True)
class Cell:
    subject: str
    size: int
    keep: bool

    def __str__(self):
        return f"{self.subject}/{self.size}/{'keep' if self.keep else 'close'}"

    def requests(self, quick):
        """How many requests a measurement of this cell has."""
        full = 300 if self.size <= 40_000 else 100
        return WARM_UP + (full // 10 if quick else full)


@dataclasses.dataclass
class Measured:
    """What came of one or several runs of a cell."""

    latencies_us: list = dataclasses.field(default_factory=list)
    requests: int = 0
    failed: int = 0
    changed: int = 0
    injected: int = 0

    def add(self, report, server, sent):
        """Adds a client's report and the echo server's account of the same requests."""
        self.latencies_us += report["latencies_us"][WARM_UP:]
        self.requests += sent
        # A header that arrives twice or damaged is a failure, as is a request that never arrived.
        self.failed += report["failed"] + server["bad_context"]
        self.changed += report["changed"] + server["bad_bodies"]
        self.injected += server["injected"]

    def percentile_us(self, share):
        ordered = sorted(self.latencies_us)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("inf")


def cells(pattern):
    """All cells whose name SUBJECT/SIZE/keep|close matches the shell pattern."""
    everything = [
        Cell(subject, size, keep)
        for subject in (*CLIENTS, *PROXIES)
        for size in SIZES
        for keep in (True, False)
        if not (subject == "php_streams" and keep)
    ]
    if environment.tool("apache2") is None:
        everything = [cell for cell in everything if cell.subject != "apache"]
    return [cell for cell in everything if fnmatch.fnmatch(str(cell), pattern)]


def _command(subject):
    """The client program with its KIND. A proxy is driven by Go's client."""
    python = [environment.PYTHON, _CLIENTS / "client.py"]
    if subject in PROXIES or subject == "go":
        return [programs.go(_CLIENTS / "client.go"), "net/http"]
    if subject.startswith("node_"):
        return [environment.need_tool("node"), _CLIENTS / "client.js", subject.removeprefix("node_")]
    if subject.startswith("java_"):
        java = [environment.need_tool("java"), "-Djdk.httpclient.allowRestrictedHeaders=connection"]
        return [*java, "-cp", programs.java(_CLIENTS / "Client.java"), "Client", subject.removeprefix("java_")]
    if subject.startswith("php_"):
        return [environment.need_tool("php"), _CLIENTS / "client.php", subject.removeprefix("php_")]
    if subject == "curl":
        return [environment.PYTHON, _CLIENTS / "curl.py", subject]
    return [*python, subject]


def start_proxy(sandbox, subject, upstream_port):
    """Starts the subject among the traced processes when it is a proxy. Returns (port to call, process or None)."""
    if subject == "nginx":
        return proxies.nginx_proxy(sandbox, upstream_port)
    if subject == "nginx_unbuffered":
        return proxies.nginx_proxy(sandbox, upstream_port, buffered=False)
    if subject in ("haproxy", "haproxy_splice"):
        return proxies.haproxy(sandbox, upstream_port, splice=subject == "haproxy_splice")
    if subject == "apache":
        return proxies.apache(sandbox, upstream_port)
    return upstream_port, None


class Runner:
    """Runs cells against one echo server."""

    def __init__(self, sandbox, echo, quick):
        self._sandbox = sandbox
        self._echo = echo
        self._quick = quick
        self._bodies = {}

    def _body(self, size):
        if size not in self._bodies:
            path = self._sandbox.folder / f"body-{size}"
            path.write_bytes(os.urandom(size))
            self._bodies[size] = path, hashlib.sha256(path.read_bytes()).hexdigest()
        return self._bodies[size]

    def run(self, cell, port, measured):
        """Runs one cell against 127.0.0.1:port and adds what came of it; a client that hangs or dies has failed."""
        sent = cell.requests(self._quick)
        path, digest = self._body(cell.size)
        group = PLAIN if cell.subject in PROXIES else TRACED
        command = _command(cell.subject) + [f"http://127.0.0.1:{port}/echo", sent, path, digest, int(cell.keep)]
        self._echo.take()
        process = self._sandbox.spawn(f"client-{cell.subject}", command, group=group)
        try:
            status = process.popen.wait(CELL_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.popen.kill()
            status = f"no end after {CELL_TIMEOUT_S} s"
        lines = process.log.read_text(errors="replace").splitlines()
        report = {"latencies_us": [], "failed": sent, "changed": 0}
        if status == 0 and lines and lines[-1].startswith("{"):
            report = json.loads(lines[-1])
        if report["failed"] or report["changed"]:
            print(f"{cell}: {status}\n{process.tail(6)}", flush=True)
        measured.add(report, self._echo.take(), sent)
