"""Calls that a pool's worker makes: whose they are is seen when the result is handed back, and only then.

The spans claim it (docs/causality.md, "Pools"), and the collector joins the traces.
"""

import pathlib
import time

from tests.causality import runtimes
from tests.support import calls, e2e, environment, programs
from tests.support.query import CLIENT
from tests.support.sandbox import TRACED, listening, wait_until

SERVICES = pathlib.Path(__file__).parent / "services"
CALLS = 3
CLIENTS, REQUESTS = 5, 8
# Of the calls at least: a thread that is not asleep yet when its result is there is not woken.
ENOUGH = 0.8


class Pools(calls.CallsTest):
    def serve(self, command, flags, **variables):
        self.flags = flags
        self.start(flags)
        port = self.sandbox.free_port()
        process = self.sandbox.spawn("pools", command(port), group=TRACED, variables={"PORT": port, **variables})
        wait_until(lambda: listening(port), "the service", process=process)
        self.url = f"http://127.0.0.1:{port}"

    def start_python(self, flags=("--runtime=handback",)):
        self.serve(lambda port: [environment.PYTHON, SERVICES / "pools.py", port, self.leaf.url], flags)

    def start_java(self, flags=("--runtime=handback",)):
        source = runtimes.SOURCES / "Calls.java"
        java = [environment.need_tool("java"), "-Dsun.net.httpserver.nodelay=true", "-cp", programs.java(source)]
        self.serve(lambda _: [*java, "Calls", "pool"], flags, NEXT=self.leaf.url, BACKGROUND=0)

    def start_monitors(self):
        java = [environment.need_tool("java"), "-cp", programs.java(SERVICES / "Monitors.java"), "Monitors"]
        self.serve(lambda port: [*java, port, self.leaf.url], ("--runtime=handback",))

    def learn(self, path):
        """The first call of a pool has the hooks attached. What comes of it is not judged."""
        self.ask(path, "first")
        if "--runtime=handback" in self.flags:
            self.wait_for_log("pools are followed")

    def wait_for_log(self, words):
        wait_until(lambda: words in self.agent.process.log.read_text(), f'the agent says "{words}"')

    def spans_of(self, requests, calls_made):
        found = super().spans_of(requests, calls_made)
        return {token: spans for token, spans in found.items() if token != "first"}

    def check_claims(self, found, ways):
        """Calls of tokens that begin with one of `ways` have the right parent, most of them; all others have none."""
        linked, made = 0, 0
        for token, (request, group) in found.items():
            for call in group:
                with self.subTest(token):
                    self.assertIn("clew.link.method", call.attributes)
                    if not token.startswith(ways):
                        self.assertEqual(call.parent_id, "")
                        continue
                    made += 1
                    if call.parent_id:
                        linked += 1
                        self.assertEqual((call.trace_id, call.parent_id), (request.trace_id, request.span_id))
                        self.assertEqual(call.attributes["clew.link.method"], "handback")
        if made:
            self.assertGreaterEqual(linked / made, ENOUGH, f"{linked} of {made}")

    def send_all(self, paths):
        for load in [self.send(self.url, path, CLIENTS, REQUESTS, path.split("/")[0]) for path in paths]:
            self.end_load(load)
        return CLIENTS * REQUESTS * len(paths)

    def test_a_call_is_of_the_request_to_which_its_result_is_handed_back(self):
        self.start_python()
        self.learn("pool")
        requests = self.send_all(("pool", "queue"))
        self.check_claims(self.spans_of(requests + 1, requests // 2 * (CALLS + 1) + CALLS), ("pool", "queue"))
        self.assertEqual(self.counter("handback_evidence_demoted"), 0)

    def test_java(self):
        self.start_java()
        self.learn(f"pool/{CALLS}")
        requests = self.send_all((f"pool/{CALLS}", "queue/1"))
        self.check_claims(self.spans_of(requests + 1, requests // 2 * (CALLS + 1) + CALLS), ("pool", "queue"))

    def test_a_call_for_which_nobody_waits_for_ever_is_nobodys(self):
        self.start_python()
        self.learn("pool")
        requests = self.send_all(("forget", "patient"))
        self.check_claims(self.spans_of(requests + 1, requests + CALLS), ("none",))

    def test_switched_off_nothing_is_linked(self):
        self.start_python(("--runtime=none",))
        self.learn("pool")
        requests = self.send_all(("pool",))
        self.check_claims(self.spans_of(requests + 1, (requests + 1) * CALLS), ("none",))

    def test_a_process_that_runs_another_program_is_followed_no_more(self):
        self.start_python()
        self.learn("pool")
        self.begin("replace", "-")
        self.wait_for_log("pools are not followed any more")

    def check_nobodys(self, token, *paths):
        """Requests, each half a second after the one before, which is not answered meanwhile: the call `token` is nobody's."""
        self.start_python()
        self.check_this_is_nobodys(token, *paths)

    def check_this_is_nobodys(self, token, *paths):
        """The same, of the service that runs."""
        self.learn("pool")
        begun = []
        for path in paths:
            way, _, name = path.partition("/")
            begun.append(self.begin(way, name or way))
            time.sleep(0.5)
        for request in begun:
            self.end(request)

        def made(spans):
            return [span for span in spans if span.path() == f"/{token}" and span.kind == CLIENT]

        found = made(self.spans_when(self.collector, made))
        self.assertEqual(len(found), 3 if token == "after" else 1)
        for call in found:
            self.assertEqual((call.parent_id, call.attributes.get("clew.alias.trace_id")), ("", None))

    def test_who_waits_for_a_lock_is_not_the_owner_of_what_a_background_thread_calls_under_it(self):
        self.check_nobodys("background-refresh", "refresh-waits")

    def test_who_has_got_a_result_and_waits_again_after_the_reply_waits_for_something_else(self):
        self.check_nobodys("after-gives", "after-waits", "after-gives")

    def test_who_waits_for_a_monitor_is_not_the_owner_of_what_a_worker_calls_in_it(self):
        self.start_monitors()
        self.check_this_is_nobodys("gives", "gives", "waits")

    def test_a_worker_that_wakes_two_requests_has_called_for_neither(self):
        self.check_nobodys("two-gives", "two-waits", "two-gives")

    def test_a_request_that_waits_with_a_time_out_may_be_the_owner_too(self):
        self.check_nobodys("timed-gives", "timed-waits", "timed-gives")

    def test_who_did_not_wait_yet_when_the_call_was_made_is_not_its_owner(self):
        self.check_nobodys("later-gives", "later-waits", "later-gives")

    def test_a_worker_with_two_calls_under_way_says_nothing(self):
        self.check_nobodys("both-gives", "both-waits", "both-gives")

    def test_a_thread_that_calls_for_its_own_request_and_wakes_another_ends_the_evidence(self):
        self.check_nobodys("after", "serving-waits", "serving-gives", "pool/after")
        self.assertEqual(self.counter("handback_evidence_demoted"), 1)


if __name__ == "__main__":
    e2e.main()
