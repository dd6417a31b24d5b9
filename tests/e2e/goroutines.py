"""Calls of Go services: the right parent where it is certain, none where it is not, never a wrong one; in any build."""

import pathlib
import re
import subprocess

from tests.support import calls, e2e, environment, programs
from tests.support.sandbox import TRACED, listening, wait_until

SERVICE = pathlib.Path(__file__).parent / "services" / "goroutines.go"
# way -> calls of one request
CERTAIN = {"chain": 3, "saturated": 3, "timed": 3, "raw": 1}
FAN = 3
STARTED = {"fan": FAN, "nested": FAN}  # certain once it is known what becomes of the goroutines
DOUBTFUL = {"pooled": 1, "forget": 1}
OLDEST = "/usr/lib/go-1.19/bin/go"  # the distribution's
STRIPPED = ("-ldflags=-s -w",)
LEARNING = 12  # requests, one after the other


class Goroutines(calls.CallsTest):
    def start_go(self, agent_flags=("--runtime=go",), **build):
        self.start(agent_flags)
        port = self.sandbox.free_port()
        process = self.sandbox.spawn("go", [programs.go(SERVICE, **build), port, self.leaf.url], group=TRACED)
        wait_until(lambda: listening(port), "the service", process=process)
        if "--runtime=none" not in agent_flags:  # what was read before the probes are there is nobody's
            wait_until(lambda: self.counter("runtimes_probed"), "the probes", process=process)
        self.url = f"http://127.0.0.1:{port}"

    def check_certain(self, **build):
        self.start_go(**build)
        for how in CERTAIN:
            self.end_load(self.send(self.url, how, requests=5))
        self.check_linked(self.spans_of(100 * len(CERTAIN), 100 * sum(CERTAIN.values())), ("runtime",))
        self.assertEqual(self.counter("goroutine_evidence_demoted"), 0)

    def test_a_call_is_of_the_request_that_its_goroutine_has_read(self):
        self.check_certain()

    def test_neither_symbols_nor_a_fixed_address_are_needed(self):
        self.check_certain(flags=(*STRIPPED, "-buildmode=pie"))

    def test_the_oldest_go_that_is_followed(self):
        if not pathlib.Path(OLDEST).exists():
            self.skipTest("golang-1.19 is not installed")
        version = subprocess.run([OLDEST, "version"], capture_output=True, text=True, check=True).stdout
        self.assertTrue(re.search(r"go1\.19\b", version), version)
        self.check_certain(compiler=OLDEST, flags=STRIPPED)

    def test_started_goroutines_count_if_wanted_once_they_have_shown_that_they_end_with_their_request(self):
        self.start_go(agent_flags=("--runtime=go", "--started-threads=on"))
        learning = [f"learn{how}" for how in STARTED]
        for how, prefix in zip(STARTED, learning):
            self.end_load(self.send(self.url, how, clients=1, requests=LEARNING, prefix=prefix))
        for how in STARTED:
            self.end_load(self.send(self.url, how, clients=20, requests=5))
        requests = len(STARTED) * (LEARNING + 100)
        found = self.spans_of(requests, FAN * requests)
        self.check_right_or_none(found)
        known = {token: spans for token, spans in found.items() if not token.startswith("learn")}
        self.check_linked(known, ("runtime",))
        first = [call for _, made in (found[f"{prefix}-0-0"] for prefix in learning) for call in made]
        self.assertIn("", {call.parent_id for call in first}, "nothing is known of their function yet")

    def test_what_a_started_goroutine_calls_is_nobodys_unless_wanted(self):
        self.start_go()
        for how in STARTED:
            self.end_load(self.send(self.url, how, clients=1, requests=LEARNING, prefix=f"learn{how}"))
        ways = {**CERTAIN, **STARTED, **DOUBTFUL}
        loads = [self.send(self.url, how, clients=5, requests=6) for how in ways]
        for load in loads:
            self.end_load(load)
        made = 30 * sum(ways.values()) + FAN * LEARNING * len(STARTED)
        found = self.spans_of(30 * len(ways) + LEARNING * len(STARTED), made)
        self.check_right_or_none(found)
        for token, (_, made) in found.items():
            if token.startswith((*DOUBTFUL, *STARTED)):
                self.assertEqual({call.parent_id for call in made}, {""}, token)

    def test_switched_off_nothing_is_linked(self):
        self.start_go(agent_flags=("--runtime=none",))
        self.end_load(self.send(self.url, "chain", clients=1, requests=5))
        for _, made in self.spans_of(5, 15).values():
            self.assertEqual({call.parent_id for call in made}, {""})


if __name__ == "__main__":
    environment.need_tool("go")
    e2e.main()
