"""Clew itself inside a sandbox: a collector with tracectl to ask it, and an agent that traces the sandbox's group."""

import json
import signal
import subprocess

from tests.support import environment, metrics
from tests.support.sandbox import CLEW, TRACED, Failure, wait_until


def _need(name):
    path = environment.binary(name)
    if path is None:
        raise Failure(f"{name} is not built")
    return path


class Collector:
    """A collector with its store in the sandbox's folder. It keeps ports and data over a restart."""

    def __init__(self, sandbox, name="collector", ports=None, cpu=None):
        self._sandbox = sandbox
        self._name = name
        self._cpu = cpu
        self.port, self.query_port, self.metrics_port = ports or (sandbox.free_port() for _ in range(3))
        self.data = sandbox.folder / f"{name}-data"
        self.process = None

    def start(self):
        self.process = self._sandbox.spawn(
            self._name,
            [
                *environment.pinned(self._cpu),
                _need("clew-collector"),
                f"--listen=127.0.0.1:{self.port}",
                f"--query-listen=127.0.0.1:{self.query_port}",
                f"--metrics-listen=127.0.0.1:{self.metrics_port}",
                f"--data-dir={self.data}",
            ],
            group=CLEW,
        )
        wait_until(
            lambda: metrics.healthy(self.metrics_port), "the collector's health", process=self.process
        )
        return self

    def stop(self, number=signal.SIGTERM):
        status = self.process.stop(number)
        if number == signal.SIGTERM and status != 0:
            raise Failure(f"the collector ended with {status}\n{self.process.tail()}")

    def tracectl(self, *arguments, variables=None):
        """Runs tracectl against this collector. Returns its standard output; raises Failure unless it ends with 0."""
        done = subprocess.run(
            [_need("tracectl"), "--server", f"127.0.0.1:{self.query_port}", *arguments],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env=environment.clean_environment(**(variables or {})),
            timeout=60,
            check=False,
        )
        if done.returncode != 0:
            raise Failure(f"tracectl {' '.join(arguments)}: {done.returncode}: {done.stderr}")
        return done.stdout

    def status(self):
        return json.loads(self.tracectl("status", "-o", "json"))


class Agent:
    """An agent that traces the group TRACED of the sandbox."""

    def __init__(self, sandbox, *endpoints, capture="auto", inject="on", metrics_port=None, cpu=None, flags=()):
        self._sandbox = sandbox
        self.metrics_port = metrics_port or sandbox.free_port()
        group = sandbox.group(TRACED)
        self.command = [
            *environment.pinned(cpu),
            _need("clew-agent"),
            f"--cgroup={group}",
            f"--attach-cgroup={group}",
            f"--capture={capture}",
            f"--inject={inject}",
            f"--metrics-listen=127.0.0.1:{self.metrics_port}",
            *(f"--endpoint=127.0.0.1:{port}" for port in endpoints),
            *flags,
        ]
        self.process = None
        sandbox.reports.append(self.report)

    def report(self):
        """What a failed test wants to know of the agent: its counters that moved, and whether it is busy."""
        if self.process is None or not self.process.running():
            return "    agent: not running"
        try:
            samples = metrics.get(self.metrics_port, "/metrics").splitlines()
        except OSError as error:
            samples = [f"no metrics: {error}"]
        lines = [f"cpu seconds {self.cpu_seconds()}"]
        lines += [line for line in samples if not line.startswith("#") and not line.endswith(" 0")]
        return "\n".join(f"    agent: {line}" for line in lines)

    def start(self):
        """Starts the agent and waits until it traces."""
        self.process = self._sandbox.spawn("agent", self.command, group=CLEW)
        wait_until(lambda: metrics.healthy(self.metrics_port), "the agent's health", process=self.process)
        return self

    def stop(self, number=signal.SIGTERM):
        """Ends the agent; by SIGTERM that includes the final flush, and a status other than 0 is a Failure."""
        # The kernel waits some hundredths of a second for each probe that goes, one after the other: with every runtime probed in dozens of
        # workers that is longer than all else.
        status = self.process.stop(number, patience=90)
        if number == signal.SIGTERM and status != 0:
            raise Failure(f"the agent ended with {status}\n{self.process.tail()}")

    def metrics(self):
        return metrics.scrape(self.metrics_port)

    def dropped(self):
        """How much the agent says it has lost: records of the kernel side and finished spans."""
        samples = self.metrics()
        lost = samples.total("clew_agent_kernel_drops_total") + samples.total("clew_agent_spans_dropped_total")
        return int(lost)

    def gave_back_sockets(self):
        """Whether sockets were taken from injection because their process uses FIONREAD, by policy."""
        return self.metrics().total("clew_agent_sockets_left_acknowledged_total") > 0

    def cpu_seconds(self):
        """User and system time of the agent so far, as two numbers."""
        return self.process.cpu_seconds()

    def peak_rss_mb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
        return 0.0
