"""Whole traces without a header: the two ends of each call are joined by their place on the wire."""

from tests.support import e2e, proxies, query
from tests.support.chain import by_token
from tests.support.echo import Echo
from tests.support.sandbox import PLAIN, TRACED
from tests.support.shop import Shop

HEADERS_ONLY = ("--tcp-option=off",)


class Join(e2e.EndToEndTest):
    def tokens(self, prefix, clients, requests):
        return [f"{prefix}-{number}-{count}" for number in range(clients) for count in range(requests)]

    def test_the_chain_is_whole_without_injection(self):
        shop = Shop(self.sandbox).start()
        collector, _ = self.start_clew(inject="off", flags=HEADERS_ONLY)
        self.load(shop.url(), clients=5, requests=6, prefix="get")
        self.load(shop.url(), clients=3, requests=3, prefix="post", body_bytes=3000)
        # Kept connections: each request has a place of its own.
        self.load(shop.url("orders"), path="/orders/", clients=5, requests=12, prefix="kept")
        self.check_tokens(collector, self.tokens("get", 5, 6), client="client")
        self.check_tokens(collector, self.tokens("post", 3, 3), "POST", client="client")
        self.check_tokens(collector, self.tokens("kept", 5, 12), client="client", entry="orders")

        spans = query.Traces(collector).spans()
        joined = [span for span in spans if span.attributes.get("clew.link.method") == "join"]
        self.assertEqual({span.kind for span in joined}, {query.SERVER})
        self.assertEqual({span.attributes["clew.link.confidence"] for span in joined}, {0.99})
        self.assertEqual(len(joined), sum(1 for span in spans if span.kind == query.SERVER))

    def test_a_restart_of_the_collector_between_the_ends_changes_nothing(self):
        shop = Shop(self.sandbox).start()
        collector, _ = self.start_clew(inject="off", flags=HEADERS_ONLY)
        load = self.start_load(shop.url(), clients=4, requests=30, prefix="long", pause=0.05)
        for _ in range(3):
            collector.stop(9)
            collector.start()
        self.end_load(load)
        self.check_tokens(collector, self.tokens("long", 4, 30), client="client")

    def test_nginx_with_kept_upstream_connections_is_whole(self):
        leaf = Echo(self.sandbox, group=TRACED).start()
        port, _ = proxies.nginx_proxy(self.sandbox, leaf.port)
        # Where FIONREAD is used only first requests get a header.
        collector, _ = self.start_clew(flags=HEADERS_ONLY)
        self.load(f"http://127.0.0.1:{port}", group=PLAIN, path="/leaf/", clients=10, requests=12)
        tokens = self.tokens("t", 10, 12)

        def wrong(spans):
            groups = by_token(spans)
            return [token for token in tokens if not self.is_chain(groups.get(token, []))]

        spans = self.spans_when(collector, lambda spans: not wrong(spans))
        self.assertEqual(wrong(spans), [])
        inserted = sum(span.attributes.get("clew.inject") == "inserted" for span in spans)
        joined = sum(span.attributes.get("clew.link.method") == "join" for span in spans)
        self.assertEqual(inserted + joined, len(tokens), "each hop by the header, or else by the join")

    @staticmethod
    def is_chain(spans):
        """nginx's request, its call, and the request that this is at the other end: a parent each, one trace."""
        parents = {span.span_id: span.parent_id for span in spans}
        if len(spans) != 3 or len({span.trace_id for span in spans}) != 1:
            return False
        call = next((span for span in spans if span.kind == query.CLIENT), None)
        first = next((span for span in spans if not span.parent_id), None)
        return bool(call and first and parents[call.span_id] == first.span_id) and any(
            parent == call.span_id for parent in parents.values()
        )


if __name__ == "__main__":
    e2e.main()
