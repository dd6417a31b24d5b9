"""No link is wrong on any runtime, and those that the layers can make are made. The long version: bench.sh links."""

import os
import unittest

from tests.causality import cell, runtimes, shapes
from tests.support import e2e
from tests.support.sandbox import Sandbox

OPTIONS = cell.Options(concurrency=10, requests=30, seed=int(os.environ.get("CLEW_SEED", "1")), capture=e2e.CAPTURE)

# runtime -> shape -> the share of its calls that the layers link at least; of other shapes any number may be linked.
_BY_THREAD = dict.fromkeys(
    ("seq", "retry", "lock", "saturated", "multiplexed", "reuse", "cached", "outside"), 0.99
)
# Tasks of asyncio, and pools that take their work from a SimpleQueue.
_BY_TASK = dict.fromkeys((*_BY_THREAD, "par", "timer", "pool", "futures"), 0.99)
_WITH_POOLS = dict.fromkeys((*_BY_THREAD, "pool", "futures"), 0.99)
# Not the first shape: what is read before the agent has put its probes is nobody's.
_BY_GOROUTINE = dict.fromkeys(
    ("timer", "retry", "lock", "saturated", "multiplexed", "reuse", "cached", "outside"), 0.99
)
_BY_PAYLOAD = dict.fromkeys(("seq", "reuse"), 0.99)
LEAST_RECALL = {
    "python-threads": _WITH_POOLS,
    "python-fork": _BY_THREAD,
    "gunicorn-sync": _BY_THREAD,
    "gunicorn-gthread": _WITH_POOLS,
    "aiohttp": _BY_TASK,
    "uvicorn-httpx": _BY_TASK,
    "java": _BY_THREAD,
    "go": _BY_GOROUTINE,
    "nginx": dict.fromkeys(("seq", "reuse", "outside"), 0.99),
    "haproxy": _BY_PAYLOAD,
}


class Causality(unittest.TestCase):
    """One sandbox for all: gRPC's threads stay in the network namespace that they began in."""

    @classmethod
    def setUpClass(cls):
        cls.sandbox = Sandbox()
        cls.addClassCleanup(cls.sandbox.close)

    def check(self, runtime):
        lacks = runtimes.missing(runtime)
        if lacks:
            self.skipTest(lacks)
        print(f"seed {OPTIONS.seed}", flush=True)
        wanted = [shape for shape in shapes.of(runtime) if not shape.own_run]
        # What nobody asked for runs beside everything: the more there is to confuse, the better.
        background = "background" not in shapes.GAPS[runtime]
        scores, unasked = cell.Run(self.sandbox, runtime, OPTIONS, background).scores(wanted)

        self.assertEqual(unasked.wrong + unasked.wrong_hops, 0, unasked.examples)
        for shape, score in scores.items():
            with self.subTest(shape):
                self.assertEqual(score.wrong_hops, 0, score.examples)
                self.assertEqual(score.dangling, 0)
                self.assertEqual(score.wrong, 0, score.examples)
                self.assertGreater(score.linkable, 0, "the calls were to be seen")
                self.assertGreaterEqual(score.recall, LEAST_RECALL.get(runtime, {}).get(shape, 0))


def _add_test(runtime):
    setattr(Causality, f"test_{runtime.replace('-', '_')}", lambda self: self.check(runtime))


for _runtime in shapes.GAPS:
    _add_test(_runtime)

if __name__ == "__main__":
    e2e.main()
