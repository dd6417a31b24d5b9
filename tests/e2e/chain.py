"""One request through the shop is one trace, whatever runs beside it."""

from tests.support import e2e
from tests.support.shop import Shop


class Chain(e2e.EndToEndTest):
    def single(self, orders):
        shop = Shop(self.sandbox, orders=orders).start()
        collector, _ = self.start_clew()
        for token in ("first", "second", "third"):
            self.sandbox.run(
                ["curl", "-sSf", f"{shop.url()}/checkout/{token}"], variables={"OTEL_SERVICE_NAME": "curl"}
            )
        self.check_tokens(collector, ["first", "second", "third"], client="curl")

    def parallel(self, orders):
        shop = Shop(self.sandbox, orders=orders).start()
        collector, _ = self.start_clew()

        # gunicorn's sync workers close after each answer, so the clients' own keep-alive is tested one service on.
        gets = self.start_load(shop.url(), clients=25, requests=5, prefix="get")
        posts = self.start_load(shop.url(), clients=25, requests=5, prefix="post", body_bytes=3000)
        kept = self.start_load(shop.url("orders"), path="/orders/", clients=50, requests=5, prefix="kept")
        for load in (gets, posts):
            self.end_load(load)
        self.assertEqual(self.end_load(kept)["connections"], 50)

        def tokens(prefix, clients):
            return [f"{prefix}-{number}-{count}" for number in range(clients) for count in range(5)]

        self.check_tokens(collector, tokens("get", 25), client="client")
        self.check_tokens(collector, tokens("post", 25), "POST", client="client")
        self.check_tokens(collector, tokens("kept", 50), client="client", entry="orders")

    def test_single_request_is_one_trace(self):
        self.single("python")

    def test_single_request_is_one_trace_with_java(self):
        self.single("java")

    def test_fifty_parallel_clients_get_a_trace_per_request(self):
        self.parallel("python")

    def test_fifty_parallel_clients_get_a_trace_per_request_with_java(self):
        self.parallel("java")

    def test_untraced_client_begins_the_trace_at_the_gateway(self):
        shop = Shop(self.sandbox).start()
        collector, _ = self.start_clew()
        self.load(shop.url(), group="plain", clients=4, requests=5, prefix="outside")
        tokens = [f"outside-{number}-{count}" for number in range(4) for count in range(5)]
        self.check_tokens(collector, tokens)


if __name__ == "__main__":
    e2e.main()
