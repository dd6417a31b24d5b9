"""What takes spans in benchmarks: a collector belongs on another machine, here it would take the cores of what is measured."""

import socket

from tests.support import environment
from tests.support.sandbox import CLEW, Failure, listening, wait_until


class Sink:
    """Takes OTLP over gRPC as fast as it comes, counts the spans and forgets them."""

    def __init__(self, sandbox, cpu=None):
        self.port, self._count_port = sandbox.free_port(), sandbox.free_port()
        program = environment.binary("clew-bench-otlp-sink")
        if program is None:
            raise Failure("clew-bench-otlp-sink is not built")
        self._process = sandbox.spawn(
            "sink", [*environment.pinned(cpu), program, self.port, self._count_port], group=CLEW
        )
        for port in (self.port, self._count_port):
            wait_until(lambda port=port: listening(port), "the sink", process=self._process)

    def cpu_seconds(self):
        """User and system time so far, as two numbers."""
        return self._process.cpu_seconds()

    def spans(self):
        """How many have come so far."""
        with socket.create_connection(("127.0.0.1", self._count_port), timeout=5) as connection:
            return int(connection.makefile().readline())
