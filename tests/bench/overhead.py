"""What does tracing cost a service? wrk against saturated services, without the agent and with it, in random order.

Per workload the medians over all rounds: throughput with the agent over throughput without it, the growth of p50 and p99,
the CPU time of the service's core for a request, and for the agent its CPU per span (user, and all of it), its peak memory
and the spans that were lost. The load generator shares its core with the agent. So each round has a third run, the control:
no agent, but a process that takes as much of that core. Its throughput is what even free tracing would leave here. Prints a
line per round and workload, then one JSON object. Exit status 1 when a figure misses its mark.

With --against FLAG "off" is an agent with that flag alone, for instance --against=--runtime=none: what a part of tracing costs.

usage: overhead.py [--quick] [--workloads PATTERN] [--pairs N] [--capture auto|socket|syscall]
                   [--flag AGENT_FLAG]... [--against AGENT_FLAG]     (root, 2 cores)
"""

import argparse
import dataclasses
import fnmatch
import json
import os
import pathlib
import random
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

# pylint: disable=wrong-import-position
from tests.bench.overhead_workloads import OTHER_CPU, SERVICE_CPU, WORKLOADS, Neighbour
from tests.support import environment, wrk
from tests.support.sandbox import Failure, Sandbox, wait_until
from tests.support.sink import Sink
from tests.support.stack import Agent

USER_CPU_US_PER_SPAN = 5
RSS_MB = 64


def busy_seconds(cpu):
    """How long that core has done anything so far: user, nice, system, interrupts."""
    with open("/proc/stat", encoding="ascii") as stat:
        fields = next(line for line in stat if line.startswith(f"cpu{cpu} ")).split()
    user, nice, system, _idle, _iowait, irq, softirq = map(int, fields[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True)
class Load:
    """One run of wrk."""

    wrk: wrk.Result
    service_us: float  # of the service's core, for a request


@dataclasses.dataclass(frozen=True)
class Traced:
    """One run with the agent on."""

    load: Load
    spans: int
    lost: int
    user_us: float  # agent's CPU, in all
    system_us: float
    rss_mb: float
    share: float  # of the load generator's core, with what takes the spans


class Bench:
    def __init__(self, sandbox, workload, options):
        self._sandbox = sandbox
        self._workload = workload
        self._seconds = options.seconds
        self._capture, self._flags = options.capture, options.flag
        self._against = options.against
        self._url = workload.start(sandbox)
        self._target = Sink(sandbox, cpu=OTHER_CPU)

    def load(self, seconds=None):
        before = busy_seconds(SERVICE_CPU)
        result = wrk.run(
            self._sandbox, self._url, seconds or self._seconds, self._workload.connections, cpu=OTHER_CPU
        )
        return Load(result, (busy_seconds(SERVICE_CPU) - before) * 1e6 / max(1, result.requests))

    def base(self):
        """A run with which others are compared."""
        return self.traced([self._against]).load if self._against else self.load()

    def control(self, share):
        """A run beside a process that takes `share` of the load generator's core."""
        with Neighbour(self._sandbox, share):
            return self.load()

    def traced(self, flags=None):
        """A run with the agent, which starts before it and ends after it, so that all its spans are out.

        flags: the agent's; None: those that are measured.
        """
        before = self._target.spans()
        flags = self._flags if flags is None else flags
        agent = Agent(self._sandbox, self._target.port, capture=self._capture, cpu=OTHER_CPU, flags=flags).start()
        time.sleep(0.5)
        user_before, system_before = agent.cpu_seconds()
        sink_before = sum(self._target.cpu_seconds())
        load = self.load()
        expected = load.wrk.requests * self._workload.spans_per_request
        try:
            wait_until(lambda: self._target.spans() - before >= expected, "the spans", seconds=5)
        except Failure:
            pass  # some were lost, as the count below says
        user, system = agent.cpu_seconds()
        taken = user - user_before + system - system_before + sum(self._target.cpu_seconds()) - sink_before
        rss_mb, dropped = agent.peak_rss_mb(), agent.dropped()
        agent.stop()
        spans = self._target.spans() - before
        return Traced(
            load=load,
            spans=spans,
            lost=max(0, expected - spans, dropped),
            user_us=(user - user_before) * 1e6,
            system_us=(system - system_before) * 1e6,
            rss_mb=rss_mb,
            share=min(0.9, taken / self._seconds),
        )

    def run(self, rounds):
        """Measures all rounds. Returns the untraced loads, the traced runs and the controls' loads, round by round."""
        self.load(1)
        share = self.traced().share  # also warms up
        off, on, control = [], [], []
        kinds = {
            "off": lambda: off.append(self.base()),
            "on": lambda: on.append(self.traced()),
            "control": lambda: control.append(self.control(share)),
        }
        for number in range(rounds):
            for kind in random.sample(sorted(kinds), len(kinds)):
                kinds[kind]()
            share = on[-1].share
            print(
                f"  round {number + 1}: {off[-1].wrk.per_second:.0f} -> {on[-1].load.wrk.per_second:.0f} requests/s"
                f" (control {control[-1].wrk.per_second:.0f}), p99 {off[-1].wrk.p99_us:.0f} ->"
                f" {on[-1].load.wrk.p99_us:.0f} us (control {control[-1].wrk.p99_us:.0f}), lost {on[-1].lost}",
                flush=True,
            )
        return off, on, control


def ratios_of(numerators, denominators):
    """Median and interquartile range of the ratios, round by round."""
    ratios = [above / below for above, below in zip(numerators, denominators)]
    quartiles = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else [ratios[0]] * 3
    return round(statistics.median(ratios), 3), round(quartiles[2] - quartiles[0], 3)


def summarize(workload, off, on, control):
    """One entry of the JSON's list; *_spread is the interquartile range over the rounds."""
    traced = [run.load for run in on]
    spans = max(1, sum(run.spans for run in on))

    def per_second(loads):
        return [load.wrk.per_second for load in loads]

    def service_us(loads):
        return [load.service_us for load in loads]

    def delta(loads, field):
        medians = [statistics.median(getattr(load.wrk, field) for load in those) for those in (loads, off)]
        return round(medians[0] - medians[1], 1)

    ratio, spread = ratios_of(per_second(traced), per_second(off))
    control_ratio, control_spread = ratios_of(per_second(control), per_second(off))
    service_ratio, service_spread = ratios_of(service_us(off), service_us(traced))
    user = sum(run.user_us for run in on)
    system = sum(run.system_us for run in on)
    return {
        "name": workload.name,
        "throughput_ratio": ratio,
        "throughput_ratio_spread": spread,
        "control_ratio": control_ratio,
        "control_ratio_spread": control_spread,
        "service_cpu_ratio": service_ratio,
        "service_cpu_ratio_spread": service_spread,
        "service_cpu_us": round(statistics.median(service_us(off)), 2),
        "untraced_per_s": round(statistics.median(per_second(off))),
        "p50_delta_us": delta(traced, "p50_us"),
        "p99_delta_us": delta(traced, "p99_us"),
        "p99_delta_us_control": delta(control, "p99_us"),
        "agent_cpu_us_per_span": round((user + system) / spans, 2),
        "agent_user_cpu_us_per_span": round(user / spans, 2),
        "agent_rss_mb": round(max(run.rss_mb for run in on), 1),
        "spans": spans,
        "spans_lost": sum(run.lost for run in on),
        "failed": sum(load.wrk.failed for load in off + traced + control),
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
    parser.add_argument("--quick", action="store_true", help="2 rounds of 2 s")
    parser.add_argument("--workloads", default="*", help="shell pattern over the workloads' names")
    parser.add_argument("--pairs", type=int, default=10, help="rounds: pairs, each with its control")
    parser.add_argument("--seconds", type=int, default=4, help="of each run")
    parser.add_argument("--capture", default="auto")
    parser.add_argument("--flag", action="append", default=[], help="a further flag of the agent")
    parser.add_argument("--against", metavar="FLAG", help="of the agent that is compared with; default: none runs")
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
            entry = summarize(workload, *Bench(sandbox, workload, options).run(options.pairs))
        entries.append(entry)
        bad = misses(workload, entry)
        missed += bad
        print(
            f"  {entry['untraced_per_s']} requests/s untraced; traced {entry['throughput_ratio']:.3f} of that"
            f" (+-{entry['throughput_ratio_spread'] / 2:.3f}; control {entry['control_ratio']:.3f}, by the service's CPU"
            f" {entry['service_cpu_ratio']:.3f}), p99 {entry['p99_delta_us']:+.0f} us"
            f" (control {entry['p99_delta_us_control']:+.0f}), agent"
            f" {entry['agent_user_cpu_us_per_span']} us user CPU a span, {entry['agent_rss_mb']} MB,"
            f" lost {entry['spans_lost']} of {entry['spans']}" + "".join(f"; MISSED: {text}" for text in bad),
            flush=True,
        )
    print(json.dumps({"workloads": entries}))
    return 1 if missed or not entries else 0


if __name__ == "__main__":
    sys.exit(main())
