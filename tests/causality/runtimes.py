"""Starts the services of tests/causality/services, as their users would."""

import os
import pathlib
import re

from tests.support import environment, programs, proxies
from tests.support.sandbox import listening, wait_until

SOURCES = environment.ROOT / "tests" / "causality" / "services"
_VIRTUAL_THREADS_SINCE = 21


def newer_java(version=_VIRTUAL_THREADS_SINCE):
    """A java of that version or newer, None when the machine has none."""
    candidates = [environment.tool("java"), *sorted(pathlib.Path("/usr/lib/jvm").glob("*/bin/java"))]
    for java in filter(None, candidates):
        release = pathlib.Path(os.path.realpath(java)).parents[1] / "release"
        found = re.search(r'JAVA_VERSION="(\d+)', release.read_text()) if release.is_file() else None
        if found and int(found[1]) >= version:
            return str(java)
    return None


def missing(runtime):
    """What the machine lacks for a runtime, as a sentence; None when it can run."""
    if runtime == "java-virtual" and newer_java() is None:
        return f"no JDK >= {_VIRTUAL_THREADS_SINCE}"
    if runtime == "hyper" and not (environment.tool("cargo") and list(pathlib.Path(programs.CRATES).glob("hyper-*"))):
        return "no cargo, or librust-hyper-dev is not installed"
    if runtime == "puma" and environment.tool("puma") is None:
        return "puma is not installed"
    return None


def _gunicorn(*arguments):
    return lambda port: [
        environment.PYTHON, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--backlog", 512,
        *arguments, "flask_app:app",
    ]  # fmt: skip


def _standard_library(how):
    return lambda _: [environment.PYTHON, SOURCES / "standard_library.py", how]


def _node(how):
    return lambda _: [environment.need_tool("node"), SOURCES / "service.js", how]


def _java(how, program):
    server = ["-Dsun.net.httpserver.nodelay=true", "-Dsun.net.httpserver.maxIdleConnections=1000"]
    flags = [*server, "-Dhttp.maxConnections=400"]
    return lambda _: [program(), *flags, "-cp", programs.java(SOURCES / "Calls.java"), "Calls", how]


def _go(_):
    return [programs.go(SOURCES / "calls.go")]


# runtime -> its command line, by the port that it is to listen on
_COMMANDS = {
    "python-threads": _standard_library("thread"),
    "python-fork": _standard_library("fork"),
    "gunicorn-sync": _gunicorn("--workers", 4),
    "gunicorn-gthread": _gunicorn("--workers", 2, "--worker-class", "gthread", "--threads", 32),
    "aiohttp": lambda _: [environment.PYTHON, SOURCES / "aiohttp_app.py"],
    "uvicorn-httpx": lambda port: [
        environment.PYTHON, "-m", "uvicorn", "--port", port, "--log-level", "warning", "--backlog", 512,
        "asgi_app:app",
    ],
    "node-http": _node("http"),
    "node-fetch": _node("fetch"),
    "node-cluster": _node("cluster"),
    "go": _go,
    "hyper": lambda _: [programs.rust(SOURCES / "hyper")],
    "java": _java("pool", lambda: environment.need_tool("java")),
    "java-virtual": _java("virtual", newer_java),
    "puma": lambda port: [
        environment.need_tool("puma"), "-q", "-t", "16:16", "-b", f"tcp://127.0.0.1:{port}", SOURCES / "calls.ru",
    ],
}  # fmt: skip
_FIVE_HOPS = ("nginx", "go", "aiohttp", "node-http", "java")


def hops(runtime):
    """The services that a request passes before the leaf, by their names in spans."""
    return list(_FIVE_HOPS) if runtime == "five-hops" else [runtime]


class Leaf:
    """The service at the end of all chains."""

    def __init__(self, sandbox, seed):
        self.port = sandbox.free_port()
        process = sandbox.spawn(
            "leaf",
            [programs.go(SOURCES / "leaf.go")],
            variables={"PORT": self.port, "SEED": seed, "OTEL_SERVICE_NAME": "leaf"},
        )
        wait_until(lambda: listening(self.port), "the leaf", process=process)


def start(sandbox, runtime, leaf_port, background):
    """Starts a runtime before the leaf. Returns the port that takes its requests."""
    if runtime == "five-hops":
        return _start_five_hops(sandbox, leaf_port)
    if runtime == "nginx":
        return proxies.nginx_proxy(sandbox, leaf_port)[0]
    if runtime == "haproxy":
        return proxies.haproxy(sandbox, leaf_port, splice=False)[0]
    return _start_service(sandbox, runtime, f"http://127.0.0.1:{leaf_port}/leaf", background)


def _start_service(sandbox, runtime, following, background=False):
    port = sandbox.free_port()
    process = sandbox.spawn(
        runtime,
        _COMMANDS[runtime](port),
        cwd=SOURCES,
        variables={
            "PORT": port,
            "NEXT": following,
            "BACKGROUND": int(background),
            "OTEL_SERVICE_NAME": runtime,
            "PYTHONDONTWRITEBYTECODE": 1,
        },
    )
    wait_until(lambda: listening(port), runtime, process=process)
    return port


def _start_five_hops(sandbox, leaf_port):
    following, port = f"http://127.0.0.1:{leaf_port}/leaf", leaf_port
    for runtime in reversed(_FIVE_HOPS[1:]):
        port = _start_service(sandbox, runtime, following)
        following = f"http://127.0.0.1:{port}/seq/1"
    return proxies.nginx_proxy(sandbox, port)[0]
