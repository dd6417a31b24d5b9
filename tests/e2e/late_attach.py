"""Connections that were open before the agent started are traced, and their requests carry the header, all the same."""

import time

from tests.support import e2e
from tests.support.shop import Shop

# What adopting the connections that are there may take after the agent says that it traces.
SETTLE_S = 2.0


class LateAttach(e2e.EndToEndTest):
    def check(self, entry, path):
        shop = Shop(self.sandbox).start()
        journal = self.sandbox.folder / "journal"
        load = self.start_load(
            shop.url(entry), path=path, clients=4, seconds=12, pause=0.05, journal=journal
        )
        time.sleep(2)
        collector, _ = self.start_clew()
        healthy = time.time()
        report = self.end_load(load)
        if entry == "orders":
            self.assertEqual(report["connections"], 4, "the clients were to keep their connections")

        sent = [line.split() for line in journal.read_text().splitlines()]
        tokens = [token for token, begin in sent if float(begin) > healthy + SETTLE_S]
        self.assertGreater(len(tokens), 20)

        self.check_tokens(collector, tokens, client="client", entry=entry)

    def test_client_connections_opened_before_the_agent(self):
        self.check("orders", "/orders/")

    def test_connections_between_services_opened_before_the_agent(self):
        self.check("gateway", "/checkout/")


if __name__ == "__main__":
    e2e.main()
