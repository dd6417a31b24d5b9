"""What the end-to-end tests have in common: a sandbox each, Clew in it, a skip where the kernel does not allow it."""

import json
import os
import sys
import time
import unittest

from tests.support import chain, environment, query
from tests.support.sandbox import TRACED, Sandbox
from tests.support.stack import Agent, Collector

# Which way of capturing this run is about; ctest runs every module once for each.
CAPTURE = os.environ.get("CLEW_CAPTURE", "socket")


class EndToEndTest(unittest.TestCase):
    """Every test method gets a sandbox of its own; when one fails, the ends of all logs are printed."""

    sandbox: Sandbox

    def run(self, result=None):
        with Sandbox() as self.sandbox:
            bad = len(result.failures) + len(result.errors)
            super().run(result)
            if len(result.failures) + len(result.errors) > bad:
                self.sandbox.print_logs()

    def start_clew(self, **options):
        """Starts a collector and an agent that exports to it. Returns both."""
        collector = Collector(self.sandbox).start()
        agent = Agent(self.sandbox, collector.port, capture=CAPTURE, **options).start()
        return collector, agent

    def load_command(self, url, **options):
        """The command line of tests/support/load.py: options by name, True for a flag."""
        command = [environment.PYTHON, "-m", "tests.support.load", f"--url={url}"]
        for name, value in options.items():
            flag = "--" + name.replace("_", "-")
            command += [flag] if value is True else [f"{flag}={value}"]
        return command

    def start_load(self, url, group=TRACED, service="client", **options):
        """Starts a load in the background. end_load() waits for it."""
        return self.sandbox.spawn(
            "load",
            self.load_command(url, **options),
            group=group,
            variables={"OTEL_SERVICE_NAME": service},
            cwd=environment.ROOT,
        )

    def end_load(self, process, timeout=120, slowest=10):
        """Waits for a load, demands that no request failed or took `slowest` seconds. Returns what the load reports."""
        self.assertEqual(process.popen.wait(timeout), 0, process.tail())
        report = json.loads(process.log.read_text().splitlines()[-1])
        self.assertEqual(report["failed"], 0, report)
        self.assertLess(report["slowest_s"], slowest, report)
        self.assertGreater(report["requests"], 0)
        return report

    def load(self, url, **options):
        """Runs a load to its end."""
        return self.end_load(self.start_load(url, **options))

    def spans_when(self, collector, enough, seconds=20, search=()):
        """Waits for `enough(spans)` of the collector's spans. Returns the last ones: check them.

        Gives up when nothing has come for `seconds`. `search` are filters of tracectl's search, for tests with more
        traces than can be looked at.
        """
        traces = query.Traces(collector, *search)
        counts, since, judged = None, time.monotonic(), None
        while True:
            before, counts = counts, traces.counts()
            if counts != before:
                since = time.monotonic()
            elif counts != judged or time.monotonic() - since > seconds:
                # Fetching is dear: only what has stood still for a moment is judged. It may take long, too: more may come meanwhile.
                given_up = time.monotonic() - since > seconds
                spans, judged = traces.spans(counts), counts
                if enough(spans) or given_up:
                    return spans
            time.sleep(0.5)

    def check_tokens(self, collector, tokens, method="GET", search=(), **of_chain):
        """Demands a perfect trace for each token (see chain.problems), waiting for the last spans to arrive."""

        def wrong(spans):
            groups = chain.by_token(spans)
            found = {
                token: chain.problems(groups.get(token, []), token, method, **of_chain) for token in tokens
            }
            return {token: problems for token, problems in found.items() if problems}

        bad = wrong(self.spans_when(collector, lambda spans: not wrong(spans), search=search))
        lines = [f"{token}:\n  " + "\n  ".join(problems) for token, problems in list(bad.items())[:5]]
        self.assertFalse(bad, f"{len(bad)} of {len(tokens)} traces are wrong:\n" + "\n".join(lines))


def main():
    """Runs the tests of the calling module, or says why not."""
    reason = environment.missing_for_tracing()
    if reason:
        environment.skip(reason)
    if CAPTURE == "socket" and environment.lacks_socket_tracepoints():
        print("SKIPPED: the sockets' tracepoints came with kernel 6.3")
        sys.exit(environment.SKIPPED)
    unittest.main(verbosity=2)
