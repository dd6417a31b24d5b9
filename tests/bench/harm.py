"""Does injection harm? Unmodified clients and proxies, with and without the agent, in time and to the byte.

For every cell (program, body size each way, connection kept or not) requests are sent without and with the agent. No
request may fail, no body may change, and neither p50 nor p99 may be above 1.5 times the untraced one plus 0.3 ms. A cell
beyond that limit is measured again, both ways, a few times, and all its samples together decide: noise averages out,
harm does not. Prints a line per cell, then one JSON object. Exit status 1 when something is harmed.

With --carrier=option no header is inserted: every request carries its context in a TCP option instead.

usage: harm.py [--quick] [--cells PATTERN] [--capture auto|socket|syscall] [--carrier header|option]     (root)
"""

import argparse
import dataclasses
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

# pylint: disable=wrong-import-position
from tests.bench import harm_cells
from tests.support import environment
from tests.support.echo import Echo
from tests.support.sandbox import Sandbox
from tests.support.sink import Sink
from tests.support.stack import Agent

FACTOR, SLACK_US = 1.5, 300
REPEATS = 3  # at most, for a cell beyond the limit
INJECTED_UP_TO = 200_000  # bytes of body: larger ones may leave the map while they are written
LEAST_INJECTED = 0.99


@dataclasses.dataclass
class Pair:
    """One cell, without (off) and with (on) the agent."""

    off: harm_cells.Measured = dataclasses.field(default_factory=harm_cells.Measured)
    on: harm_cells.Measured = dataclasses.field(default_factory=harm_cells.Measured)

    def ratio(self, share):
        return self.on.percentile_us(share) / self.off.percentile_us(share)

    def within_limit(self):
        return all(
            self.on.percentile_us(share) <= FACTOR * self.off.percentile_us(share) + SLACK_US
            for share in (0.50, 0.99)
        )

    def line(self, cell):
        numbers = [round(side.percentile_us(share)) for share in (0.50, 0.99) for side in (self.off, self.on)]
        p50, p99 = "{} -> {} us".format(*numbers[:2]), "{} -> {} us".format(*numbers[2:])
        injected = self.on.injected / max(1, self.on.requests)
        verdict = "" if self.within_limit() else "  BEYOND THE LIMIT"
        return f"{str(cell):32} p50 {p50:20} p99 {p99:22} injected {injected:6.1%}{verdict}"


class Bench:
    def __init__(self, sandbox, options):
        self._sandbox = sandbox
        self._echo = Echo(sandbox).start()
        self._sink = Sink(sandbox)
        self._runner = harm_cells.Runner(sandbox, self._echo, options.quick)
        self._capture = options.capture
        self._inject = "on" if options.carrier == "header" else "off"
        self._options = 0  # requests that carried one
        self.pairs = {}
        self.may_leave = set()

    def measure(self, cells):
        """Runs cells of one subject, first without the agent, then with it."""
        for traced in (False, True):
            agent = Agent(self._sandbox, self._sink.port, capture=self._capture, inject=self._inject)
            if traced:
                agent.start()
            port, proxy = harm_cells.start_proxy(self._sandbox, cells[0].subject, self._echo.port)
            for cell in cells:
                pair = self.pairs.setdefault(cell, Pair())
                self._runner.run(cell, port, pair.on if traced else pair.off)
            if proxy:
                proxy.stop()
            if traced:
                self._options += int(agent.metrics().total("clew_agent_injections_total", outcome="option"))
                if agent.gave_back_sockets():
                    self.may_leave.add(cells[0].subject)
                agent.stop()

    def run(self, cells):
        for subject in dict.fromkeys(cell.subject for cell in cells):
            todo = [cell for cell in cells if cell.subject == subject]
            self.measure(todo)
            for _ in range(REPEATS):
                beyond = [cell for cell in todo if not self.pairs[cell].within_limit()]
                if beyond:
                    self.measure(beyond)
            for cell in todo:
                print(self.pairs[cell].line(cell), flush=True)

    def summary(self):
        """The JSON object. Ratios are traced to untraced; beyond_limit names the cells that are too slow."""
        pairs = self.pairs.values()
        held = [
            pair.on
            for cell, pair in self.pairs.items()
            if self._inject == "on" and cell.size <= INJECTED_UP_TO and cell.subject not in self.may_leave
        ]
        return {
            "cells": len(pairs),
            "requests": sum(pair.on.requests + pair.off.requests for pair in pairs),
            "failed": sum(pair.on.failed + pair.off.failed for pair in pairs),
            "bodies_changed": sum(pair.on.changed + pair.off.changed for pair in pairs),
            "injected_ratio": round(sum(side.injected for side in held) / sum(side.requests for side in held), 4)
            if held
            else None,
            "options_ratio": round(self._options / sum(pair.on.requests for pair in pairs), 4),
            "p50_ratio_worst": round(max(pair.ratio(0.50) for pair in pairs), 2),
            "p99_ratio_worst": round(max(pair.ratio(0.99) for pair in pairs), 2),
            "beyond_limit": [str(cell) for cell, pair in self.pairs.items() if not pair.within_limit()],
            "not_held_by_policy": sorted(self.may_leave),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the requests")
    parser.add_argument("--cells", default="*", help="shell pattern over SUBJECT/SIZE/keep|close")
    parser.add_argument("--capture", default="auto")
    parser.add_argument("--carrier", default="header", choices=("header", "option"))
    options = parser.parse_args()
    reason = environment.missing_for_tracing()
    if reason:
        environment.skip(reason)
    cells = harm_cells.cells(options.cells)
    if not cells:
        parser.error(f"no cell matches {options.cells}")
    with Sandbox() as sandbox:
        bench = Bench(sandbox, options)
        bench.run(cells)
    result = bench.summary()
    print(json.dumps(result))
    harmed = result["failed"] or result["bodies_changed"] or result["beyond_limit"]
    missed = result["injected_ratio"] is not None and result["injected_ratio"] < LEAST_INJECTED
    return 1 if harmed or missed else 0


if __name__ == "__main__":
    sys.exit(main())
