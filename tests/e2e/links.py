"""Which call gets which parent: by the serving thread, by what it started; and none where there is no evidence.

Runtimes, which know about pools, are not asked here: tests/e2e/python_tasks.py and others do.
"""

import pathlib
import time

from tests.support import e2e, environment
from tests.support.chain import by_token
from tests.support.echo import Echo
from tests.support.query import CLIENT, SERVER
from tests.support.sandbox import PLAIN, TRACED, listening, wait_until

SERVICE = pathlib.Path(__file__).parent / "services" / "links.py"
ROUNDS = 10


class Links(e2e.EndToEndTest):
    def ask(self, how, token):
        """A request to the service, from outside of what is traced."""
        return self.sandbox.spawn(
            "curl", ["curl", "-sSf", f"http://127.0.0.1:{self.port}/{how}/{token}"], group=PLAIN
        )

    def ask_and_wait(self, how, token):
        self.assertEqual(self.ask(how, token).popen.wait(20), 0, how)

    def start(self, started_threads):
        collector, _ = self.start_clew(flags=["--runtime=none", f"--started-threads={started_threads}"])
        leaf = Echo(self.sandbox, group=PLAIN).start()
        self.port = self.sandbox.free_port()
        process = self.sandbox.spawn(
            "links", [environment.PYTHON, SERVICE, self.port, leaf.url], group=TRACED
        )
        wait_until(lambda: listening(self.port), "the service", process=process)
        return collector

    def calls_and_requests(self, collector, tokens):
        """token -> its CLIENT span, and token -> its SERVER span."""

        def split(spans):
            groups = by_token(spans)
            found = {kind: {} for kind in (CLIENT, SERVER)}
            for token in tokens:
                for span in groups.get(token, []):
                    found[span.kind][token] = span
            return found[CLIENT], found[SERVER]

        def enough(spans):
            calls, requests = split(spans)
            return len(calls) == len(requests) == len(tokens)

        spans = self.spans_when(collector, enough)
        self.assertTrue(enough(spans), "spans are missing")
        background = [span for span in spans if span.path().startswith("/leaf/background-")]
        return *split(spans), background

    def test_parents_are_what_the_evidence_says(self):
        self.check_parents("on", thread="clone")

    def test_a_started_thread_is_no_evidence_unless_wanted(self):
        self.check_parents("off", thread=None)

    def check_parents(self, started_threads, thread):
        collector = self.start(started_threads)
        methods = {"inline": "thread", "thread": thread, "fork": "clone", "pool": None, "after": None}
        tokens = {f"{how}-{number}": method for number in range(ROUNDS) for how, method in methods.items()}
        for token in tokens:
            self.ask_and_wait(token.rpartition("-")[0], token)

        calls, requests, background = self.calls_and_requests(collector, tokens)
        for token, method in tokens.items():
            with self.subTest(token):
                if method is None:
                    self.assertEqual(calls[token].parent_id, "", "there is no evidence")
                    self.assertNotEqual(calls[token].trace_id, requests[token].trace_id)
                else:
                    self.assertEqual(calls[token].parent_id, requests[token].span_id)
                    self.assertEqual(calls[token].trace_id, requests[token].trace_id)
                    self.assertEqual(calls[token].attributes["clew.link.method"], method)
        self.assertGreater(len(background), 10)
        self.assertEqual({span.parent_id for span in background}, {""}, "nobody asked for these")

    def test_a_started_thread_that_waits_for_work_forgets_its_request(self):
        collector = self.start("on")
        first = self.ask("makes_pool", "first")
        time.sleep(0.7)
        self.ask_and_wait("uses_pool", "second")
        self.assertEqual(first.popen.wait(20), 0)

        calls, requests, _ = self.calls_and_requests(collector, ["first", "second"])
        self.assertEqual(calls["first"].parent_id, requests["first"].span_id)
        self.assertLess(calls["second"].start_ns, requests["first"].end_ns, "the first one was to be live still")
        self.assertEqual(calls["second"].parent_id, "", "its thread was started for another request")


if __name__ == "__main__":
    e2e.main()
