"""Starts the shop of examples/shop in a sandbox."""

import os

from tests.support import environment, programs
from tests.support.sandbox import listening, wait_until

SOURCES = environment.ROOT / "examples" / "shop"
NAMES = ("gateway", "orders", "inventory", "pricing")


class Shop:
    """gateway -> orders -> inventory and pricing.

    `orders` is "python" or "java"; `ports` of the four services: default are free ones; `named`: each service has its
    name in OTEL_SERVICE_NAME, else the agent has to find it.
    """

    def __init__(self, sandbox, orders="python", work_ms=2, workers=4, ports=None, named=True):
        self._sandbox = sandbox
        self._named = named
        self._work_ms = work_ms
        self._workers = workers
        self._orders = orders
        self.ports = ports or {name: sandbox.free_port() for name in NAMES}
        self.processes = {}

    def url(self, name="gateway"):
        return f"http://127.0.0.1:{self.ports[name]}"

    def start(self):
        inventory = programs.go(SOURCES / "inventory.go")
        # By its name alone, as an installed program is started: its path would be in its spans.
        self._spawn("inventory", [inventory.name], PATH=f"{inventory.parent}:{os.environ.get('PATH', os.defpath)}")
        self._spawn("pricing", [environment.need_tool("node"), SOURCES / "pricing.js"])
        if self._orders == "java":
            orders = [
                environment.need_tool("java"),
                "-Dsun.net.httpserver.nodelay=true",
                "-Dsun.net.httpserver.maxIdleConnections=1000",
                "-cp",
                programs.java(SOURCES / "Orders.java"),
                "Orders",
            ]
        else:
            orders = [environment.PYTHON, SOURCES / "orders.py"]
        self._spawn("orders", orders)
        gunicorn = [environment.PYTHON, "-m", "gunicorn", "--workers", self._workers, "--backlog", 512]
        self._spawn("gateway", gunicorn + ["--bind", f"127.0.0.1:{self.ports['gateway']}", "gateway:app"])
        for name, port in self.ports.items():
            wait_until(lambda port=port: listening(port), name, process=self.processes[name])
        return self

    def _spawn(self, name, command, **variables):
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
                **({"OTEL_SERVICE_NAME": name} if self._named else {}),
                **variables,
            },
        )
