"""Calls of event loops: nginx and Node.js. The right parent where it is certain, none where it is not, never a wrong one."""

import pathlib
import time

from tests.support import calls, e2e, environment, proxies
from tests.support.chain import by_token
from tests.support.query import CLIENT
from tests.support.sandbox import TRACED, listening, wait_until

SERVICE = pathlib.Path(__file__).parent / "services" / "loops.js"
# way -> calls of one request, at least
CERTAIN = {"chain": 3, "fetch": 3, "fan": 3}
DOUBTFUL = {
    "timer": 1, "immediate": 1, "dns": 1, "file": 1, "saturated": 2, "saturatedFan": 2, "shared": 1, "chain": 3, "fan": 3,
}  # fmt: skip


class Loops(calls.CallsTest):
    def start_node(self):
        port = self.sandbox.free_port()
        command = [environment.need_tool("node"), SERVICE, port, self.leaf.url]
        process = self.sandbox.spawn("node", command, group=TRACED)
        wait_until(lambda: listening(port), "node", process=process)
        self.url = f"http://127.0.0.1:{port}"

    def wake(self):
        """Has the service make its first calls, which let the agent probe it. They are nobody's."""
        before = self.counter("runtimes_probed")
        self.end_load(self.send(self.url, "fetch", clients=1, requests=1, prefix="first"))
        wait_until(lambda: self.counter("runtimes_probed") > before, "the probes")

    def test_nginx_names_the_request_of_each_upstream_call(self):
        self.start()
        port, _ = proxies.nginx_proxy(self.sandbox, self.leaf.port)
        self.end_load(self.send(f"http://127.0.0.1:{port}", "leaf", clients=50, requests=15))
        found = self.spans_of(750, 750)
        self.check_linked(found, ("runtime",))
        inserted = sum(call.attributes.get("clew.inject") == "inserted" for _, made in found.values() for call in made)
        self.assertGreater(inserted, 0, "a connection's first request is to carry the header")

    def test_node_works_for_the_request_whose_bytes_it_has_read(self):
        self.start()
        self.start_node()
        self.wake()
        for how in CERTAIN:
            self.end_load(self.send(self.url, how))
        found = self.spans_of(200 * len(CERTAIN) + 1, 200 * sum(CERTAIN.values()) + 3)
        del found["first-0-0"]
        self.check_linked(found, ("continuation",))
        self.assertEqual(self.counter("loop_evidence_demoted"), 0)

    def test_node_is_not_taken_to_work_for_another_request(self):
        self.start()
        self.start_node()
        self.wake()
        loads = [self.send(self.url, how, clients=5, requests=6) for how in DOUBTFUL]
        for load in loads:
            self.end_load(load)
        self.check_right_or_none(self.spans_of(30 * len(DOUBTFUL) + 1, 30 * sum(DOUBTFUL.values()) + 3))
        self.assertGreater(self.counter("loop_evidence_unsure"), 0)

    def test_two_requests_that_share_one_connection_are_not_mixed_up(self):
        self.start()
        self.start_node()
        self.wake()
        self.end_load(self.send(self.url, "saturated", clients=2, requests=100))
        self.check_right_or_none(self.spans_of(201, 403))

    def test_work_that_no_request_has_caused_is_nobodys(self):
        self.start()
        self.start_node()
        self.wake()
        self.end_load(self.send(self.url, "ticker", clients=1, requests=1))
        self.end_load(self.send(self.url, "chain", clients=5, requests=40))
        spans = self.spans_when(self.collector, lambda spans: "chain-4-39" in by_token(spans))
        linked = {token for token, group in by_token(spans).items() if any(s.kind == CLIENT and s.parent_id for s in group)}
        self.assertGreaterEqual(len(linked), 190, "one doubtful call takes the evidence from all that come later")
        ticks = by_token(spans)["tick"]
        self.assertGreater(len(ticks), 20)
        self.assertEqual({tick.parent_id for tick in ticks}, {""})

    def hold(self, how):
        """A request that waits for another one, in the background."""
        held = self.send(self.url, how, clients=1, requests=1)
        time.sleep(1)  # for it to wait
        return held

    def release(self, held, how="release"):
        self.end_load(self.send(self.url, how, clients=1, requests=1))
        self.end_load(held)

    def test_an_answer_in_the_turn_of_another_request_ends_the_evidence(self):
        self.start()
        self.start_node()
        self.wake()
        self.release(self.hold("wait"))
        self.assertEqual(self.counter("loop_evidence_demoted"), 1)
        self.end_load(self.send(self.url, "chain", clients=1, requests=5))
        parents = [call.parent_id for _, made in self.spans_of(8, 18).values() for call in made]
        self.assertEqual(set(parents), {""})

    def test_a_request_that_lets_another_go_on_is_not_taken_for_it(self):
        self.start()
        self.start_node()
        self.wake()
        self.release(self.hold("waitAndCall"))
        self.check_right_or_none(self.spans_of(3, 4))
        self.assertEqual(self.counter("loop_evidence_demoted"), 0, "nothing has contradicted")

    def test_a_request_with_several_calls_at_a_time_may_be_the_one_that_goes_on_behind_a_reply(self):
        self.start()
        self.start_node()
        self.wake()
        self.release(self.hold("fanAndWait"), "releaseBehindReply")
        self.check_right_or_none(self.spans_of(3, 7))
        self.assertEqual(self.counter("loop_evidence_demoted"), 0, "nothing has contradicted")

    def test_work_that_no_request_has_caused_may_be_what_goes_on_behind_a_reply(self):
        self.start()
        self.start_node()
        self.wake()
        self.release(self.hold("job"), "releaseBehindReply")

        def made(spans):
            return [span for span in by_token(spans).get("job", ()) if span.kind == CLIENT]

        found = made(self.spans_when(self.collector, lambda spans: len(made(spans)) == 2))
        self.assertEqual([call.parent_id for call in found], ["", ""])

    def test_requests_that_wait_since_before_the_probes_may_be_the_ones_that_go_on(self):
        self.start()
        self.start_node()
        held = self.hold("waitAndCall")
        self.wake()
        self.release(held)
        self.check_right_or_none(self.spans_of(3, 4))

    def test_requests_from_before_the_agent_may_be_the_ones_that_go_on(self):
        self.start_node()
        held = self.hold("waitAndCall")
        self.start()
        self.wake()
        self.release(held)
        held_calls = [
            span
            for span in self.spans_when(self.collector, lambda spans: len(by_token(spans).get("waitAndCall-0-0", ())) > 0)
            if span.kind == CLIENT and span.path().endswith("waitAndCall-0-0")
        ]
        self.assertEqual([call.parent_id for call in held_calls], [""])

    def test_a_server_that_calls_nobody_is_not_probed(self):
        self.start(flags=("--runtime-rest=1s",))
        self.start_node()
        self.end_load(self.send(self.url, "nothing"))
        self.assertEqual(self.counter("runtimes_probed"), 0)
        self.wake()
        self.end_load(self.send(self.url, "chain", clients=1, requests=5, prefix="awake"))
        wait_until(lambda: self.counter("runtimes_rested") == 1, "the end of the probes")
        self.end_load(self.send(self.url, "chain", clients=1, requests=5, prefix="asleep"))
        wait_until(lambda: self.counter("runtimes_probed") == 2, "the probes")
        found = self.spans_of(211, 33)
        self.check_linked({token: found[token] for token in found if token.startswith("awake")}, ("continuation",))
        self.check_right_or_none(found)

    def test_switched_off_nothing_is_linked(self):
        self.start(flags=("--runtime=none",))
        self.start_node()
        self.end_load(self.send(self.url, "chain", clients=1, requests=5))
        for _, made in self.spans_of(5, 15).values():
            self.assertEqual({call.parent_id for call in made}, {""})


if __name__ == "__main__":
    e2e.main()
