"""Runs wrk and reads what it prints."""

import dataclasses
import re

from tests.support import environment
from tests.support.sandbox import PLAIN, Failure

_UNIT_US = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6}


@dataclasses.dataclass(frozen=True)
class Result:
    requests: int  # answered
    per_second: float
    p50_us: float
    p99_us: float
    failed: int  # connect, read, write errors, timeouts, and answers other than 2xx and 3xx


def _percentile_us(text, percent):
    match = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s|m)\s*$", text, re.MULTILINE)
    return float(match[1]) * _UNIT_US[match[2]]


def parse(text):
    """A Result from the text of `wrk --latency`. Raises Failure for any other text."""
    try:
        errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
        refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        return Result(
            requests=int(re.search(r"(\d+) requests in", text)[1]),
            per_second=float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
            p50_us=_percentile_us(text, 50),
            p99_us=_percentile_us(text, 99),
            failed=sum(map(int, errors.groups() if errors else ())) + (int(refused[1]) if refused else 0),
        )
    except TypeError:
        raise Failure(f"not a report of wrk: {text}") from None


def command(url, seconds, connections, threads=1, cpu=None):
    """The command line of one run; `cpu` pins it to a core."""
    wrk = [*environment.pinned(cpu), environment.need_tool("wrk"), "--latency", "--timeout", "10s"]
    return [*wrk, f"-t{threads}", f"-c{connections}", f"-d{seconds}s", url]


def run(sandbox, *arguments, group=PLAIN, **options):
    """Runs wrk in a group of the sandbox, with the arguments of command(). Returns the Result."""
    return parse(sandbox.run(command(*arguments, **options), group=group))
