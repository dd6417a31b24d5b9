"""The demo behind scripts/demo.sh: the shop under Clew, one request, its trace, a search.

Runs in a cgroup and a network namespace of its own, so the ports are always the documented ones and nothing else on the
machine is traced. Where the kernel refuses BPF, a recording of the very same demo is replayed instead, and marked so.

usage: demo.py [--keep] [--replay] [--record FILE]     (root; the binaries are those of CLEW_BIN_DIR or the newest build)
"""

import argparse
import os
import pathlib
import signal
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

# pylint: disable=wrong-import-position
from tests.support import chain, environment, query
from tests.support.sandbox import CLEW, Failure, Place, Sandbox
from tests.support.shop import Shop
from tests.support.stack import Agent, Collector

RECORDING = ROOT / "tests" / "golden" / "demo.rec"
PORTS = {"gateway": 8080, "orders": 8081, "inventory": 8082, "pricing": 8083}
SHOWN = "42"  # the order whose trace is shown
OTHERS = ("7", "8", "9")
PATIENCE_S = 15


def heading(text):
    bold, normal = ("\033[1m", "\033[0m") if sys.stdout.isatty() and "NO_COLOR" not in os.environ else ("", "")
    print(f"\n{bold}{text}{normal}", flush=True)


def shown_by_tracectl(collector, *arguments):
    """Prints a tracectl command and what it says."""
    heading(f"$ tracectl {' '.join(arguments)}")
    colour = ["--color", "always"] if sys.stdout.isatty() else []
    width = os.get_terminal_size().columns if sys.stdout.isatty() else 110
    print(collector.tracectl(*arguments, "--no-pager", *colour, variables={"COLUMNS": width}), end="", flush=True)


def complete_trace(collector, client):
    """Waits for the perfect trace of the shown order. Returns its id; raises Failure that says what is wrong with it."""
    deadline = time.monotonic() + PATIENCE_S
    traces = query.Traces(collector, "--from", "1")
    while True:
        spans = chain.by_token(traces.spans()).get(SHOWN, [])
        wrong = chain.problems(spans, SHOWN, client=client)
        if not wrong:
            return spans[0].trace_id
        if time.monotonic() > deadline:
            raise Failure(f"no complete trace within {PATIENCE_S} s: " + "; ".join(wrong[:5]))
        time.sleep(0.2)


def show(collector):
    """The point of the demo: the trace of one request, and how to find it."""
    trace_id = complete_trace(collector, client="curl")
    shown_by_tracectl(collector, "trace", trace_id[:16])
    shown_by_tracectl(collector, "traces", "--from", "1", "--service", "inventory")


def keep(sandbox):
    """Leaves everything running until Ctrl-C."""
    print(
        f"""
Everything keeps running in a network namespace of its own. In another terminal:

  sudo nsenter --net=/proc/{os.getpid()}/ns/net bash
  curl http://127.0.0.1:{PORTS['gateway']}/checkout/4711
  {environment.binary('tracectl')} traces
  {environment.binary('tracectl')} trace ID

Its logs are in {sandbox.folder}. Stop everything with Ctrl-C.""",
        flush=True,
    )
    signal.pause()


def trace_live(options):
    with Sandbox() as sandbox:
        collector = Collector(sandbox, ports=(4317, 7317, 9465)).start()
        flags = [f"--record={options.record}"] if options.record else []
        agent = Agent(sandbox, collector.port, metrics_port=9464, flags=flags).start()
        shop = Shop(sandbox, ports=PORTS, named=False, workers=2, work_ms=8).start()
        print("Running: gateway (Flask on gunicorn), orders (Python), inventory (Go), pricing (Node).")
        print("None of them has a tracing library. The agent watches their cgroup from the kernel.")
        for order in (*OTHERS, SHOWN):
            command = ["curl", "-sSf", f"{shop.url()}/checkout/{order}"]
            if order == SHOWN:
                heading("$ " + " ".join(command))
            answer = sandbox.run(command)
            if order == SHOWN:
                print(answer.rstrip(), flush=True)
        show(collector)
        if options.keep:
            keep(sandbox)
        agent.stop()
        collector.stop()


def replay(reason):
    print(f"REPLAY, not live: {reason}.")
    print("What follows is a recording of this demo, made on another machine, through the same agent and collector.")
    with Place() as place:
        collector = Collector(place).start()
        place.run(
            [
                environment.binary("clew-agent") or "clew-agent",
                f"--replay={RECORDING}",
                f"--endpoint=127.0.0.1:{collector.port}",
                f"--metrics-listen=127.0.0.1:{place.free_port()}",
            ],
            group=CLEW,
        )
        show(collector)
        collector.stop()
    print("\nThis was a REPLAY of a recording.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="leave everything running until Ctrl-C")
    parser.add_argument("--replay", action="store_true", help="replay the recording even where tracing works")
    parser.add_argument("--record", metavar="FILE", help="keep the kernel's records of this run")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    reason = "it was asked for" if options.replay else environment.missing_for_tracing()
    try:
        if reason:
            replay(reason)
        else:
            trace_live(options)
    except KeyboardInterrupt:
        print("\nStopped.")
        return 0 if options.keep else 130
    except (Failure, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
