"""A process that no selector names is not read: its HTTP moves no event, no map entry and no counter."""

import re

from tests.support import bpf, e2e
from tests.support.echo import Echo
from tests.support.sandbox import PLAIN, TRACED

# Counters of the agent's own life, which go on whatever others do.
OWN_LIFE = re.compile(r"^(process_|exposer_)|_(seconds|bytes_resident|polls|drains|rescans)(_total|_count|_sum|_bucket)?$")


class SelectorSilence(e2e.EndToEndTest):
    def observe(self, agent):
        samples = agent.metrics().named(".")
        counters = {key: value for key, value in samples.items() if not OWN_LIFE.search(key[0])}
        return counters, bpf.map_contents(agent.process.pid)

    def test_outsiders_are_not_read(self):
        outside = Echo(self.sandbox, group=PLAIN).start()
        inside = Echo(self.sandbox, group=TRACED).start()
        _, agent = self.start_clew()
        counters, maps = self.observe(agent)
        self.assertTrue(maps)

        for options in ({}, {"body_bytes": 100_000}, {"close": True}):
            self.load(outside.url, group=PLAIN, path="/", clients=8, requests=50, **options)
        counters_after, maps_after = self.observe(agent)
        moved = {key: (counters.get(key), value) for key, value in counters_after.items() if counters.get(key) != value}
        self.assertEqual(moved, {})
        self.assertEqual(sorted(maps_after ^ maps)[:10], [])

        # The same questions do see a traced process: they could have failed.
        self.load(inside.url, path="/", clients=1, requests=5)
        counters_traced, maps_traced = self.observe(agent)
        self.assertNotEqual(counters_traced, counters)
        self.assertNotEqual(maps_traced, maps)


if __name__ == "__main__":
    e2e.main()
