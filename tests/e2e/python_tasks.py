"""Calls of asyncio's tasks and of thread pools, on every CPython that is there: the right parent where it is certain, else none."""

import pathlib
import re

from tests.support import e2e, environment, metrics
from tests.support.chain import by_token
from tests.support.echo import Echo
from tests.support.query import CLIENT, SERVER
from tests.support.sandbox import PLAIN, TRACED, listening, wait_until

SERVICE = pathlib.Path(__file__).parent / "services" / "tasks.py"
CALLS = 3
CERTAIN = ("chain", "fan", "timer", "pool", "crowd")
# No task runs where the call is made, or one that works for everybody.
NOBODY = ("callback", "later", "queue")
CLIENTS, REQUESTS = 5, 4
MAX_LOST = 0.03


def interpreters():
    """{minor version: interpreter} of those that Clew follows."""
    found = {}
    versions = sorted((pathlib.Path.home() / ".pyenv" / "versions").glob("3.*/bin/python3.*"))
    for path in [*versions, pathlib.Path(environment.PYTHON).resolve()]:
        name = re.fullmatch(r"python3\.(\d+)", path.name)
        if name and 9 <= int(name[1]) <= 13:
            found.setdefault(int(name[1]), path)
    return found


class PythonTasks(e2e.EndToEndTest):
    def start(self, kind, interpreter=environment.PYTHON, flags=("--runtime=all",)):
        self.collector, self.agent = self.start_clew(flags=flags)
        leaf = Echo(self.sandbox, group=PLAIN).start()
        port = self.sandbox.free_port()
        process = self.sandbox.spawn("tasks", [interpreter, SERVICE, kind, port, leaf.url], group=TRACED)
        wait_until(lambda: listening(port), "the service", process=process)
        self.url = f"http://127.0.0.1:{port}"

    def send(self, way, clients=CLIENTS, requests=REQUESTS):
        return self.start_load(
            self.url, group=PLAIN, path=f"/{way}/", prefix=way, clients=clients, requests=requests
        )

    def send_all(self, ways):
        for load in [self.send(way) for way in ways]:
            self.end_load(load)

    def counter(self, name):
        return metrics.Samples(metrics.get(self.agent.metrics_port, "/metrics")).total(f"clew_agent_{name}_total")

    def found(self, requests, calls):
        """By token: its SERVER span and its CLIENT spans."""

        def complete(spans):
            kinds = [span.kind for span in spans]
            return kinds.count(SERVER) >= requests and kinds.count(CLIENT) >= calls

        spans = self.spans_when(self.collector, complete)
        self.assertTrue(complete(spans), "spans are missing")
        found = {}
        for token, group in by_token(spans).items():
            (request,) = (span for span in group if span.kind == SERVER)
            found[token] = request, [span for span in group if span.kind == CLIENT]
        return found

    def check(self, found, linked):
        """`linked`: the beginnings of the tokens whose calls have the right parent; all others have none.

        A lost link is allowed, a wrong one never: what the kernel side cannot read in the moment in which it is asked says nothing. Five of
        420 calls were lost in one run of some hundred, by three clients' last requests, and nobody knows why; so the failure's text says which
        calls, when, by which thread and for what reason.
        """
        lost, calls_to_link = [], 0
        for token, (request, calls) in found.items():
            for call in calls:
                with self.subTest(token):
                    if not token.startswith(linked):
                        self.assertEqual(call.parent_id, "")
                        continue
                    calls_to_link += 1
                    if not call.parent_id:
                        told = {name: call.attributes.get(name) for name in ("clew.link.none", "thread.id")}
                        lost.append((call.start_ns, token, told))
                        continue
                    self.assertEqual(call.parent_id, request.span_id)
                    self.assertEqual(call.trace_id, request.trace_id)
                    self.assertEqual(call.attributes["clew.link.method"], "runtime")
        self.assertLessEqual(len(lost), calls_to_link * MAX_LOST, sorted(lost))

    def check_ways(self, kind, interpreter):
        self.start(kind, interpreter)
        self.send_all(CERTAIN + NOBODY)
        requests = CLIENTS * REQUESTS * len(CERTAIN + NOBODY)
        self.check(self.found(requests, CALLS * requests), CERTAIN)
        self.assertEqual(self.counter("task_evidence_demoted"), 0)

    def test_a_request_that_its_reader_hands_to_the_next_callback_is_nobodys(self):
        self.start("protocol")
        self.send_all(("soon", "chain"))
        requests = CLIENTS * REQUESTS * 2
        self.check(self.found(requests, CALLS * requests), ("chain",))

    def test_a_worker_that_requests_wake_is_not_taken_to_work_for_one_of_them(self):
        self.start("protocol")
        self.end_load(self.send("enqueue", clients=20, requests=5))
        self.check(self.found(100, 100), ("none",))

    def test_switched_off_nothing_is_linked(self):
        self.start("streams", flags=("--runtime=none",))
        self.end_load(self.send("chain", clients=1, requests=3))
        self.check(self.found(3, 3 * CALLS), ("none",))


def _add_test(minor, interpreter, kind):
    setattr(
        PythonTasks, f"test_{kind}_on_3_{minor}", lambda self: self.check_ways(kind, str(interpreter))
    )


for _minor, _interpreter in interpreters().items():
    _add_test(_minor, _interpreter, "streams")
    _add_test(_minor, _interpreter, "protocol")

if __name__ == "__main__":
    e2e.main()
