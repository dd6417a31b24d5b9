"""One run: Clew, a runtime and the load of one or several shapes, then the verdict on every link."""

import dataclasses
import json
import random
import shutil
import signal
import time
import urllib.request

from tests.causality import runtimes, shapes, stored, truth
from tests.support import environment
from tests.support.sandbox import PLAIN, TRACED, Failure
from tests.support.stack import Agent, Collector

# What answered requests may still be doing (shape forget), and what the last records need to reach the agent.
AFTERGLOW_S = 1.0
# Requests that reach every process of a service, and what attaching to their runtimes may take then.
WARM_UPS, WARM_UP_S = 16, 1.0
# Of shape late: the load before the agent and with it; what taking on the connections that are there may take.
LATE_BEFORE_S, LATE_AFTER_S, LATE_SETTLE_S = 1.0, 9.0, 1.0
LATE_PAUSE_S = 0.002  # after a request, times the clients: at most 500 requests a second
# Of shape lossy: the agent stands still and runs in turn.
STILL_S, RUNNING_S = 0.4, 0.2
SMALL_RING = 64 << 10
_LOAD_PATIENCE_S = 120


@dataclasses.dataclass(frozen=True)
class Options:
    concurrency: int
    requests: int  # of each shape, rounded up to a multiple of the concurrency
    seed: int
    capture: str = "auto"
    inject: str = "on"
    runtime: str = "all"  # as the agent's flag


class Run:
    """Runs shapes of one runtime in a sandbox, one after the other, against one agent and one set of services."""

    def __init__(self, sandbox, runtime, options, background=False):
        self._sandbox = sandbox
        self._runtime = runtime
        self._options = options
        self._background = background
        self._random = random.Random(f"{options.seed}/{runtime}")
        self._calls = {}  # token -> calls that it causes
        self._tokens = {}  # shape -> its tokens
        self._counted = {}  # shape -> those that had to be seen whole

    def scores(self, wanted):
        """Runs `wanted`, a list of shapes. Returns {shape's name: Score}, and the Score of what nobody asked for."""
        if len(wanted) > 1 and any(shape.own_run for shape in wanted):
            raise ValueError(f"one of {[shape.name for shape in wanted]} needs a run of its own")
        collector = Collector(self._sandbox, f"collector-{self._random.getrandbits(64):016x}").start()
        agent = self._agent(collector, any(shape.lossy for shape in wanted))
        try:
            leaf = runtimes.Leaf(self._sandbox, self._options.seed)
            late = any(shape.late for shape in wanted)
            if not late:
                agent.start()
            background = self._background or any(shape.background for shape in wanted)
            port = runtimes.start(self._sandbox, self._runtime, leaf.port, background)
            if not late:
                self._warm_up(port)
            for shape in wanted:
                self._load(shape, port, agent)
            time.sleep(AFTERGLOW_S)
            lost = agent.dropped()
            agent.stop()
            return self._judge(stored.spans(collector), wanted, lost)
        finally:
            self._sandbox.empty(TRACED)
            if agent.process is not None:
                agent.stop()
            collector.stop()
            shutil.rmtree(collector.data)

    def _agent(self, collector, lossy):
        flags = [f"--runtime={self._options.runtime}"]
        if self._options.inject == "off":
            flags.append("--tcp-option=off")
        if lossy:
            config = self._sandbox.folder / "small-ring.yaml"
            config.write_text(f"capture:\n  ring_bytes: {SMALL_RING}\n")
            flags.append(f"--config={config}")
        return Agent(
            self._sandbox, collector.port, capture=self._options.capture, inject=self._options.inject, flags=flags
        )

    def _warm_up(self, port):
        """The first call of a process has the agent look at its runtime; what it makes meanwhile is not judged."""
        path = shapes.paths(self._runtime, shapes.SHAPES["seq"])[0]
        for number in range(WARM_UPS):
            token = f"first-0-{number}"
            self._calls[token] = 0
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}{token}", timeout=30) as response:
                response.read()
        time.sleep(WARM_UP_S)

    def _load(self, shape, port, agent):
        journal = self._sandbox.folder / f"journal-{self._random.getrandbits(64):016x}"
        paths = shapes.paths(self._runtime, shape)
        clients = self._options.concurrency
        prefix = f"{self._random.getrandbits(48):012x}"
        command = [
            environment.PYTHON, "-m", "tests.support.load", f"--url=http://127.0.0.1:{port}", f"--clients={clients}",
            f"--prefix={prefix}", f"--journal={journal}", "--timeout=30", *(f"--path={path}" for path in paths),
        ]  # fmt: skip
        if shape.close:
            command.append("--close")
        if shape.late:
            command += [f"--seconds={LATE_BEFORE_S + LATE_AFTER_S}", f"--pause={LATE_PAUSE_S * clients}"]
        else:
            command.append(f"--requests={-(-self._options.requests // clients)}")
        group = PLAIN if shape.outside else TRACED
        load = self._sandbox.spawn(
            "load", command, group=group, variables={"OTEL_SERVICE_NAME": truth.CALLER}, cwd=environment.ROOT
        )
        since = 0.0
        if shape.late:
            time.sleep(LATE_BEFORE_S)
            agent.start()
            since = time.time() + LATE_SETTLE_S
        if shape.lossy:
            self._interrupt(agent, load)
        self._end(load)
        self._note(shape, paths, journal, since)

    def _interrupt(self, agent, load):
        """Stops and continues the agent until the load has ended: its ring buffer overflows meanwhile."""
        while load.running():
            agent.process.popen.send_signal(signal.SIGSTOP)
            time.sleep(STILL_S)
            agent.process.popen.send_signal(signal.SIGCONT)
            time.sleep(RUNNING_S)

    def _end(self, load):
        if load.popen.wait(_LOAD_PATIENCE_S) != 0:
            raise Failure(f"the load ended with {load.popen.returncode}\n{load.tail()}")
        report = json.loads(load.log.read_text().splitlines()[-1])
        if report["failed"]:
            raise Failure(f"{self._runtime}: requests failed: {report}")

    def _note(self, shape, paths, journal, since):
        """Remembers the tokens that the load has sent, and how many calls each causes."""
        sent = [line.split() for line in journal.read_text().splitlines()]
        for token, _ in sent:
            client, number = map(int, token.split("-")[1:])
            self._calls[token] = int(paths[(client + number) % len(paths)].split("/")[2])
        self._tokens[shape.name] = [token for token, _ in sent]
        self._counted[shape.name] = [token for token, begin in sent if float(begin) > since]
        if not self._counted[shape.name]:
            raise Failure(f"{self._runtime}/{shape.name}: the load was over before the agent was ready")

    def _judge(self, spans, wanted, lost):
        judge = truth.Judge(spans, runtimes.hops(self._runtime))
        scores = {
            shape.name: judge.score(
                self._tokens[shape.name], self._calls, self._counted[shape.name], caller_traced=not shape.outside
            )
            for shape in wanted
        }
        unasked = judge.unasked(self._calls)
        unasked.lost = lost
        return scores, unasked
