"""The echo server of tests/bench/services in a sandbox."""

import json

from tests.support import environment, metrics, programs
from tests.support.sandbox import PLAIN, listening, wait_until

SOURCE = environment.ROOT / "tests" / "bench" / "services" / "echo.go"


class Echo:
    """Answers every POST with its body and every GET with its path; counts what arrived."""

    def __init__(self, sandbox, group=PLAIN):
        self._sandbox = sandbox
        self._group = group
        self.port, self._control = sandbox.free_port(), sandbox.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        self.process = self._sandbox.spawn(
            "echo",
            [programs.go(SOURCE), f"127.0.0.1:{self.port}", f"127.0.0.1:{self._control}"],
            group=self._group,
        )
        for port in (self.port, self._control):
            wait_until(lambda port=port: listening(port), "the echo server", process=self.process)
        return self

    def take(self):
        """The counts since the last call: requests, injected, bad_context, bad_bodies."""
        return json.loads(metrics.get(self._control, "/take"))
