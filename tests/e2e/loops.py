"""Calls of event loops: nginx and Node.js. The right parent where it is certain, none where it is not, never a wrong one."""

import pathlib
import time

from tests.support import calls, e2e, environment, proxies
from tests.support.sandbox import TRACED, listening, wait_until

SERVICE = pathlib.Path(__file__).parent / "services" / "loops.js"
# way -> calls of one request, at least
CERTAIN = {"chain": 3, "fetch": 3, "fan": 3}
DOUBTFUL = {
    "timer": 1, "immediate": 1, "dns": 1, "file": 1, "saturated": 2, "saturatedFan": 2, "shared": 1, "chain": 3, "fan": 3,
}  # fmt: skip


class Loops(calls.CallsTest):
    def start_node(self, flags=()):
        self.start(flags)
        port = self.sandbox.free_port()
        command = [environment.need_tool("node"), SERVICE, port, self.leaf.url]
        process = self.sandbox.spawn("node", command, group=TRACED)
        wait_until(lambda: listening(port), "node", process=process)
        self.url = f"http://127.0.0.1:{port}"

    def test_nginx_names_the_request_of_each_upstream_call(self):
        self.start()
        port, _ = proxies.nginx_proxy(self.sandbox, self.leaf.port)
        self.end_load(self.send(f"http://127.0.0.1:{port}", "leaf", clients=50, requests=15))
        found = self.spans_of(750, 750)
        self.check_linked(found, ("runtime",))
        inserted = sum(call.attributes.get("clew.inject") == "inserted" for _, made in found.values() for call in made)
        self.assertGreater(inserted, 0, "a connection's first request is to carry the header")

    def test_node_works_for_the_request_whose_bytes_it_has_read(self):
        self.start_node()
        # fetch() compiles its parser before its first call, in another thread: it is not seen for whom that is made.
        self.end_load(self.send(self.url, "fetch", clients=1, requests=1, prefix="first"))
        for how in CERTAIN:
            self.end_load(self.send(self.url, how))
        found = self.spans_of(200 * len(CERTAIN) + 1, 200 * sum(CERTAIN.values()) + 3)
        del found["first-0-0"]
        self.check_linked(found, ("continuation",))
        self.assertEqual(self.counter("loop_evidence_demoted"), 0)

    def test_node_is_not_taken_to_work_for_another_request(self):
        self.start_node()
        loads = [self.send(self.url, how, clients=5, requests=6) for how in DOUBTFUL]
        for load in loads:
            self.end_load(load)
        self.check_right_or_none(self.spans_of(30 * len(DOUBTFUL), 30 * sum(DOUBTFUL.values())))
        self.assertGreater(self.counter("loop_evidence_unsure"), 0)

    def test_two_requests_that_share_one_connection_are_not_mixed_up(self):
        self.start_node()
        self.end_load(self.send(self.url, "saturated", clients=2, requests=100))
        self.check_right_or_none(self.spans_of(200, 400))

    def test_an_answer_in_the_turn_of_another_request_ends_the_evidence(self):
        self.start_node()
        waiting = self.send(self.url, "wait", clients=1, requests=1)
        time.sleep(1)  # for it to wait
        self.end_load(self.send(self.url, "release", clients=1, requests=1))
        self.end_load(waiting)
        self.assertEqual(self.counter("loop_evidence_demoted"), 1)
        self.end_load(self.send(self.url, "chain", clients=1, requests=5))
        for _, made in self.spans_of(7, 15).values():
            self.assertEqual({call.parent_id for call in made} - {""}, set())

    def test_switched_off_nothing_is_linked(self):
        self.start_node(flags=("--runtime=none",))
        self.end_load(self.send(self.url, "chain", clients=1, requests=5))
        for _, made in self.spans_of(5, 15).values():
            self.assertEqual({call.parent_id for call in made}, {""})


if __name__ == "__main__":
    e2e.main()
