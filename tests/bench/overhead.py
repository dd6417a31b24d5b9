"""What does tracing cost a service? wrk against saturated services, agent off and on in pairs of random order.

Per workload the medians over all pairs: throughput with the agent over throughput without it, the growth of p50 and p99,
and for the agent its CPU per span (user, and all of it), its peak memory and the spans that were lost. Prints a line per
pair and workload, then one JSON object. Exit status 1 when a figure misses its mark.

usage: overhead.py [--quick] [--workloads PATTERN] [--pairs N] [--capture auto|socket|syscall]     (root, 2 cores)
"""

import argparse
import dataclasses
import fnmatch
import json
import pathlib
import random
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

# pylint: disable=wrong-import-position
from tests.bench.overhead_workloads import OTHER_CPU, WORKLOADS, Sink
from tests.support import environment, wrk
from tests.support.sandbox import Failure, Sandbox, wait_until
from tests.support.stack import Agent

USER_CPU_US_PER_SPAN = 5
RSS_MB = 64


@dataclasses.dataclass(frozen=True)
class Traced:
    """One run with the agent on."""

    load: wrk.Result
    spans: int
    lost: int
    user_us: float  # agent's CPU, in all
    system_us: float
    rss_mb: float


class Bench:
    def __init__(self, sandbox, workload, options):
        self._sandbox = sandbox
        self._workload = workload
        self._seconds = options.seconds
        self._capture = options.capture
        self._url = workload.start(sandbox)
        self._target = Sink(sandbox)

    def load(self, seconds=None):
        return wrk.run(
            self._sandbox, self._url, seconds or self._seconds, self._workload.connections, cpu=OTHER_CPU
        )

    def traced(self):
        """A run with the agent, which starts before it and ends after it, so that all its spans are out."""
        before = self._target.spans()
        agent = Agent(self._sandbox, self._target.port, capture=self._capture, cpu=OTHER_CPU).start()
        time.sleep(0.5)
        user_before, system_before = agent.cpu_seconds()
        result = self.load()
        expected = result.requests * self._workload.spans_per_request
        try:
            wait_until(lambda: self._target.spans() - before >= expected, "the spans", seconds=5)
        except Failure:
            pass  # some were lost, as the count below says
        user, system = agent.cpu_seconds()
        rss_mb, dropped = agent.peak_rss_mb(), agent.dropped()
        agent.stop()
        spans = self._target.spans() - before
        return Traced(
            load=result,
            spans=spans,
            lost=max(0, expected - spans, dropped),
            user_us=(user - user_before) * 1e6,
            system_us=(system - system_before) * 1e6,
            rss_mb=rss_mb,
        )

    def run(self, pairs):
        """Measures all pairs. Returns the untraced results and the traced ones, in the order of the pairs."""
        self.load(1)  # warm-up
        off, on = [], []
        for number in range(pairs):
            for traced in random.sample((False, True), 2):
                if traced:
                    on.append(self.traced())
                else:
                    off.append(self.load())
            print(
                f"  pair {number + 1}: {off[-1].per_second:.0f} -> {on[-1].load.per_second:.0f} requests/s,"
                f" p99 {off[-1].p99_us:.0f} -> {on[-1].load.p99_us:.0f} us, lost {on[-1].lost}",
                flush=True,
            )
        return off, on


def summarize(workload, off, on):
    """One entry of the JSON's list; *_spread is the interquartile range of the pairs' ratios."""
    ratios = [traced.load.per_second / untraced.per_second for untraced, traced in zip(off, on)]
    spans = max(1, sum(traced.spans for traced in on))
    quartiles = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else [ratios[0]] * 3

    def delta(field):
        traced = statistics.median(getattr(run.load, field) for run in on)
        return round(traced - statistics.median(getattr(run, field) for run in off), 1)

    user = sum(traced.user_us for traced in on)
    system = sum(traced.system_us for traced in on)
    return {
        "name": workload.name,
        "throughput_ratio": round(statistics.median(ratios), 3),
        "throughput_ratio_spread": round(quartiles[2] - quartiles[0], 3),
        "untraced_per_s": round(statistics.median(run.per_second for run in off)),
        "p50_delta_us": delta("p50_us"),
        "p99_delta_us": delta("p99_us"),
        "agent_cpu_us_per_span": round((user + system) / spans, 2),
        "agent_user_cpu_us_per_span": round(user / spans, 2),
        "agent_rss_mb": round(max(traced.rss_mb for traced in on), 1),
        "spans": spans,
        "spans_lost": sum(traced.lost for traced in on),
        "failed": sum(run.failed for run in off) + sum(run.load.failed for run in on),
    }


def misses(workload, entry):
    """The figures that are not as wanted, as text."""
    wanted = [
        (entry["throughput_ratio"] < workload.least_ratio, f"throughput ratio below {workload.least_ratio}"),
        (
            workload.most_p99_us is not None and entry["p99_delta_us"] > workload.most_p99_us,
            f"p99 grew by more than {workload.most_p99_us} us",
        ),
        (entry["agent_user_cpu_us_per_span"] > USER_CPU_US_PER_SPAN, f"over {USER_CPU_US_PER_SPAN} us a span"),
        (entry["agent_rss_mb"] > RSS_MB, f"over {RSS_MB} MB"),
        (entry["spans_lost"] > 0, "spans lost"),
        (entry["failed"] > 0, "requests failed"),
    ]
    return [text for missed, text in wanted if missed]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="2 pairs of 2 s")
    parser.add_argument("--workloads", default="*", help="shell pattern over the workloads' names")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=4, help="of each run")
    parser.add_argument("--capture", default="auto")
    options = parser.parse_args()
    if options.quick:
        options.pairs, options.seconds = 2, 2
    reason = environment.missing_for_tracing()
    if reason:
        environment.skip(reason)
    entries, missed = [], []
    for workload in WORKLOADS:
        if not fnmatch.fnmatch(workload.name, options.workloads):
            continue
        print(workload.name, flush=True)
        with Sandbox() as sandbox:
            off, on = Bench(sandbox, workload, options).run(options.pairs)
        entry = summarize(workload, off, on)
        entries.append(entry)
        bad = misses(workload, entry)
        missed += bad
        print(
            f"  {entry['untraced_per_s']} requests/s untraced; traced {entry['throughput_ratio']:.3f} of that"
            f" (+-{entry['throughput_ratio_spread'] / 2:.3f}), p99 {entry['p99_delta_us']:+.0f} us, agent"
            f" {entry['agent_user_cpu_us_per_span']} us user CPU a span, {entry['agent_rss_mb']} MB,"
            f" lost {entry['spans_lost']} of {entry['spans']}" + "".join(f"; MISSED: {text}" for text in bad),
            flush=True,
        )
    print(json.dumps({"workloads": entries}))
    return 1 if missed or not entries else 0


if __name__ == "__main__":
    sys.exit(main())
