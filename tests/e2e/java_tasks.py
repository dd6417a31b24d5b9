"""Calls that a Java pool's worker makes: of the request whose thread has made the task, or nobody's (docs/causality.md, "Java")."""

import pathlib
import time

from tests.causality import runtimes
from tests.support import calls, e2e, environment, programs
from tests.support.query import CLIENT
from tests.support.sandbox import TRACED, listening, wait_until

SERVICE = pathlib.Path(__file__).parent / "services" / "Tasks.java"
TASKS = {"futures": 3, "scheduled": 1, "completion": 1}  # way -> calls of a request
CALLS = {**TASKS, "calls": 1}
VIRTUAL_THREADS_SINCE = 24  # that say which they are
CLIENTS, REQUESTS = 8, 10
# Of the calls at least: what the collector has moved, or a thread has made before its buffer was full, is not known any more.
ENOUGH = 0.8


class JavaTasks(calls.CallsTest):
    requests, calls = 0, 0  # that were made so far, but for the first

    def start_tasks(self, handlers=CLIENTS, workers=4, flags=("--runtime=java",), options=(), java=None):
        self.start(flags)
        port = self.sandbox.free_port()
        java = [java or environment.need_tool("java"), "-Dsun.net.httpserver.nodelay=true", *options]
        process = self.sandbox.spawn(
            "java",
            [*java, "-cp", programs.java(SERVICE), "Tasks", handlers, workers],
            group=TRACED,
            variables={"PORT": port, "NEXT": self.leaf.url},
        )
        wait_until(lambda: listening(port), "the service", process=process)
        self.url = f"http://127.0.0.1:{port}"
        self.ask("calls", "first")  # the first call has the agent look at the machine
        if "--runtime=java" in flags:
            wait_until(lambda: self.counter("runtimes_probed"), "the machine's layout")

    def spans_of(self, requests, calls_made):
        found = super().spans_of(requests + 1, calls_made + CALLS["calls"])
        return {token: spans for token, spans in found.items() if token != "first"}

    def calls_to(self, token):
        def made(spans):
            return [span for span in spans if span.path() == f"/{token}" and span.kind == CLIENT]

        found = made(self.spans_when(self.collector, made))
        self.assertEqual(len(found), 1)
        return found

    def check_nobodys(self, token):
        (call,) = self.calls_to(token)
        self.assertEqual((call.parent_id, call.attributes["clew.link.method"]), ("", "none"))

    def linked_of(self, ways, prefix=""):
        """How many of the calls of each way have their parent; no other one has any."""
        loads = [self.send(self.url, way, CLIENTS, REQUESTS, prefix + way) for way in ways]
        for load in loads:
            self.end_load(load)
        self.requests += CLIENTS * REQUESTS * len(ways)
        self.calls += CLIENTS * REQUESTS * sum(CALLS[way] for way in ways)
        found = self.spans_of(self.requests, self.calls)
        self.check_right_or_none(found)
        linked = {}
        for way in ways:
            made = [call for token, (_, group) in found.items() if token.startswith(prefix + way) for call in group]
            self.assertEqual(len(made), CLIENTS * REQUESTS * CALLS[way])
            self.assertLessEqual({call.attributes["clew.link.method"] for call in made}, {"runtime", "none"})
            linked[way] = sum(call.parent_id != "" for call in made)
        return linked

    def check_most_linked(self, ways):
        for way, linked in self.linked_of(ways).items():
            self.assertGreaterEqual(linked, ENOUGH * CLIENTS * REQUESTS * CALLS[way], way)
        self.assertEqual(self.counter("java_evidence_demoted"), 0)

    def test_a_task_is_of_the_request_whose_thread_has_made_it(self):
        self.start_tasks(handlers=4 * CLIENTS)
        self.check_most_linked(TASKS)

    def test_other_collectors_and_references_of_eight_bytes(self):
        self.start_tasks(options=("-XX:+UseSerialGC", "-XX:-UseCompressedOops"))
        self.check_most_linked(["futures"])

    def test_without_the_layer_nothing_is_linked(self):
        self.start_tasks(flags=("--runtime=none",))
        self.assertEqual(self.linked_of(TASKS), dict.fromkeys(TASKS, 0))

    def test_work_that_is_no_task_is_nobodys(self):
        self.start_tasks()
        self.ask("raw", "raw")
        self.check_nobodys("raw")

    def test_a_task_whose_request_is_answered_is_nobodys(self):
        self.start_tasks()
        self.ask("forget", "forgotten")
        self.check_nobodys("forgotten")

    def test_a_task_that_a_thread_has_made_for_an_earlier_request_is_not_of_the_one_that_it_serves_now(self):
        self.start_tasks(handlers=1)
        self.ask("keeps", "kept")
        self.ask("runs", "runs")
        self.check_nobodys("kept")

    def test_a_task_that_another_worker_runs_says_nothing(self):
        self.start_tasks()
        self.ask("holds", "own")
        self.check_nobodys("holding")

    def test_a_task_that_has_ended_says_nothing_even_if_its_result_is_the_thread_that_calls(self):
        self.start_tasks(workers=1)
        self.ask("ended", "own")
        self.check_nobodys("holding")

    def start_virtual(self):
        java = runtimes.newer_java(VIRTUAL_THREADS_SINCE)
        if java is None:
            self.skipTest(f"no JDK >= {VIRTUAL_THREADS_SINCE}")
        self.start_tasks("virtual", java=java)

    def test_a_virtual_thread_serves_what_it_has_read(self):
        self.start_virtual()
        self.check_most_linked(["calls"])

    def test_a_virtual_thread_that_answers_another_request_ends_the_evidence(self):
        self.start_virtual()
        self.check_most_linked(["calls"])
        waits = self.begin("waits", "waits")
        time.sleep(0.5)
        self.ask("answers", "answers")
        self.end(waits)
        self.requests += 2
        self.assertEqual(self.counter("java_evidence_demoted"), 1)
        self.assertEqual(self.linked_of(["calls"], "later"), {"calls": 0})


if __name__ == "__main__":
    e2e.main()
