"""Starts the shop of examples/shop in a sandbox, and knows what the trace of one of its requests must be."""

import os
import subprocess

from tests.support import environment
from tests.support.sandbox import Failure, listening, wait_until

SOURCES = environment.ROOT / "examples" / "shop"
_BUILD = environment.ROOT / "build" / "services"


def build_go(source):
    """Compiles one Go file of the standard library's world into build/services. Returns the program's path."""
    program = _BUILD / source.stem
    _BUILD.mkdir(parents=True, exist_ok=True)
    _compile(
        [environment.tool("go") or "go", "build", "-o", program, source],
        GOCACHE=_BUILD / "go-cache",
        GOFLAGS="-mod=mod",
        CGO_ENABLED=0,
    )
    return program


def build_java(source):
    """Compiles one Java file into build/services. Returns the class path."""
    classes = _BUILD / "java"
    compiled = classes / f"{source.stem}.class"
    if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
        _compile([environment.tool("javac") or "javac", "-d", classes, source])
    return classes


def _compile(command, **variables):
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        env=environment.clean_environment(HOME=os.environ.get("HOME", "/root"), **variables),
        check=False,
    )
    if done.returncode != 0:
        raise Failure(f"{command[0]} failed: {done.stderr}")


class Shop:
    """gateway -> orders -> inventory and pricing, every port its own. `orders` is "python" or "java"."""

    def __init__(self, sandbox, orders="python", work_ms=2, workers=4):
        self._sandbox = sandbox
        self._work_ms = work_ms
        self._workers = workers
        self._orders = orders
        self.ports = {
            name: sandbox.free_port() for name in ("gateway", "orders", "inventory", "pricing")
        }
        self.processes = {}

    def url(self, name="gateway"):
        return f"http://127.0.0.1:{self.ports[name]}"

    def start(self):
        inventory = build_go(SOURCES / "inventory.go")
        self._spawn("inventory", [inventory])
        self._spawn("pricing", [environment.tool("node") or "node", SOURCES / "pricing.js"])
        if self._orders == "java":
            orders = [
                environment.tool("java") or "java",
                "-Dsun.net.httpserver.nodelay=true",
                "-Dsun.net.httpserver.maxIdleConnections=1000",
                "-cp",
                build_java(SOURCES / "Orders.java"),
                "Orders",
            ]
        else:
            orders = [environment.PYTHON, SOURCES / "orders.py"]
        self._spawn("orders", orders)
        gunicorn = [environment.PYTHON, environment.tool("gunicorn"), "--workers", self._workers]
        gunicorn += ["--backlog", 512, "--timeout", 60]
        self._spawn("gateway", gunicorn + ["--bind", f"127.0.0.1:{self.ports['gateway']}", "gateway:app"])
        for name, port in self.ports.items():
            wait_until(lambda port=port: listening(port), name, process=self.processes[name])
        return self

    def _spawn(self, name, command):
        self.processes[name] = self._sandbox.spawn(
            name,
            command,
            cwd=SOURCES,
            variables={
                "PORT": self.ports[name],
                "WORK_MS": self._work_ms,
                "ORDERS_URL": self.url("orders"),
                "INVENTORY_URL": self.url("inventory"),
                "PRICING_URL": self.url("pricing"),
                "OTEL_SERVICE_NAME": name,
            },
        )
