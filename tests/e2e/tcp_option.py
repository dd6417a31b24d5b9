"""The context in a TCP option: whole traces where no header can be, never another request's context, no harm."""

import json
import signal
import socket
import time

from tests.support import e2e, environment, proxies, segments
from tests.support.chain import by_token
from tests.support.echo import Echo
from tests.support.query import CLIENT, SERVER
from tests.support.sandbox import PLAIN, TRACED, listening, wait_until

SERVICE = environment.ROOT / "tests" / "e2e" / "services" / "odd_requests.py"
PUBLIC = "203.0.113.1"


class TcpOption(e2e.EndToEndTest):
    def start(self, *flags, headers="off", echo_group=TRACED):
        self.collector, self.agent = self.start_clew(flags=flags, inject=headers)
        self.echo = Echo(self.sandbox, group=echo_group).start()

    def send(self, clients, requests, port=None, prefix="t", **options):
        url = f"http://127.0.0.1:{port or self.echo.port}"
        self.load(url, path="/echo/", clients=clients, requests=requests, prefix=prefix, **options)
        return [f"{prefix}-{client}-{count}" for client in range(clients) for count in range(requests)]

    def spans_of(self, tokens, each):
        """The spans of each token, once there are `each` of every one."""

        def enough(spans):
            groups = by_token(spans)
            return all(len(groups.get(token, [])) == each for token in tokens)

        spans = self.spans_when(self.collector, enough)
        self.assertTrue(enough(spans), "spans are missing, or too many")
        groups = by_token(spans)
        return {token: groups[token] for token in tokens}

    def pairs(self, tokens):
        """By token: its CLIENT span and its SERVER span."""
        found = {}
        for token, group in self.spans_of(tokens, 2).items():
            kinds = {span.kind: span for span in group}
            found[token] = kinds[CLIENT], kinds[SERVER]
        return found

    def check_all_linked(self, pairs):
        for token, (call, request) in pairs.items():
            with self.subTest(token):
                self.assertEqual((request.trace_id, request.parent_id), (call.trace_id, call.span_id))
                self.assertEqual(request.attributes.get("clew.context.source"), "tcp_option")
                self.assertEqual(call.attributes.get("clew.inject"), "tcp_option")

    def counter(self, name, **labels):
        return self.agent.metrics().total(f"clew_agent_{name}_total", **labels)

    def nginx_chains(self, clients, requests):
        """Requests through nginx, whose upstream connections are kept. Returns {token: is its trace whole}, checks that none is wrong."""
        port, _ = proxies.nginx_proxy(self.sandbox, self.echo.port)
        tokens = self.send(clients, requests, port=port)
        whole = {}
        for token, group in self.spans_of(tokens, 4).items():
            with self.subTest(token):
                self.assertEqual(len({span.span_id for span in group}), 4)
                first, proxied, onward, last = sorted(group, key=self.hop)
                for child, parent in ((proxied, first), (onward, proxied), (last, onward)):
                    self.assertIn(child.parent_id, ("", parent.span_id))
                whole[token] = all(
                    child.parent_id == parent.span_id and child.trace_id == first.trace_id
                    for child, parent in ((proxied, first), (onward, proxied), (last, onward))
                )
        return whole

    def hop(self, span):
        if span.kind == CLIENT:
            return 0 if span.service == "client" else 2
        return 1 if "nginx" in span.service else 3

    def test_nginx_with_kept_connections_gives_whole_traces(self):
        self.start(headers="on")
        whole = self.nginx_chains(clients=50, requests=4)
        self.assertTrue(all(whole.values()), f"{sum(whole.values())} of {len(whole)}")

    def test_every_request_is_linked_without_any_header(self):
        self.start()
        self.check_all_linked(self.pairs(self.send(clients=10, requests=10)))

    def test_bodies_of_many_segments_carry_it_and_arrive_whole(self):
        segments.small_packets()
        self.start()
        with segments.Sniffer(self.echo.port) as sniffer:
            tokens = [
                token
                for size in (1_300, 1_400, 3_000, 40_000, 300_000)
                for token in self.send(2, 5, prefix=f"b{size}", body_bytes=size)
            ]
        self.check_all_linked(self.pairs(tokens))
        self.assertEqual(segments.counter("Ip", "FragFails") + segments.counter("Ip", "FragCreates"), 0)
        self.assertEqual({len(one.options) + len(one.payload) + 40 > 1500 for one in sniffer.segments}, {False})

    def test_loss_makes_no_wrong_parent(self):
        segments.small_packets()
        self.start()
        segments.lose_packets()
        whole = self.nginx_chains(clients=10, requests=20)
        self.assertGreater(segments.counter("Tcp", "RetransSegs"), 10)
        self.assertGreater(sum(whole.values()), 0.95 * len(whole))

    def test_a_request_without_context_gets_none_of_its_neighbours(self):
        self.start()
        command = [environment.PYTHON, SERVICE, self.echo.port, 20]
        tokens = json.loads(self.sandbox.run(command, variables={"OTEL_SERVICE_NAME": "client"}))
        found = self.pairs([token for group in tokens.values() for token in group])
        for how, group in tokens.items():
            for token in group:
                call, request = found[token]
                with self.subTest(token):
                    allowed = (call.span_id,) if how == "plain" else ("", call.span_id)
                    self.assertIn(request.parent_id, allowed)

    def test_connections_that_were_open_before(self):
        echo = Echo(self.sandbox, group=TRACED).start()
        load = self.start_load(
            echo.url, path="/echo/", clients=4, seconds=12, pause=0.05, journal=self.sandbox.folder / "journal"
        )
        time.sleep(2)
        self.collector, self.agent = self.start_clew(inject="off")
        healthy = time.time()
        self.assertEqual(self.end_load(load)["connections"], 4)
        sent = [line.split() for line in (self.sandbox.folder / "journal").read_text().splitlines()]
        tokens = [token for token, begin in sent if float(begin) > healthy + 2]
        self.assertGreater(len(tokens), 20)
        self.check_all_linked(self.pairs(tokens))

    def contexts_to(self, address):
        """How many of five requests to an HTTP server at this address carry an option."""
        port = self.sandbox.free_port()
        server = self.sandbox.spawn(
            "server", [environment.PYTHON, "-m", "http.server", "--bind", address, port], group=PLAIN
        )
        wait_until(lambda: listening(port, address), "the server", process=server)
        with segments.Sniffer(port) as sniffer:
            self.sandbox.run(["curl", "-s", *[f"http://{address}:{port}/{number}" for number in range(5)]])
        self.assertEqual(len(sniffer.requests()), 5)
        return sum(one.context() is not None for one in sniffer.segments)

    def test_nothing_is_sent_to_public_networks(self):
        segments.add_address(PUBLIC)
        self.start()
        self.assertEqual(self.contexts_to("127.0.0.1"), 5)
        self.assertEqual(self.contexts_to(PUBLIC), 0)

    def test_networks_can_be_named(self):
        segments.add_address(PUBLIC)
        self.start("--tcp-option-networks=203.0.113.0/24")
        self.assertEqual(self.contexts_to("127.0.0.1"), 0)
        self.assertEqual(self.contexts_to(PUBLIC), 5)

    def test_a_peer_without_clew_takes_no_notice(self):
        self.start(echo_group=PLAIN)
        with segments.Sniffer(self.echo.port) as sniffer:
            self.send(2, 20)
            self.send(2, 5, prefix="large", body_bytes=300_000)
        self.assertEqual(sum(one.context() is not None for one in sniffer.requests()), 50)
        spans = {context[1] for context in (one.context() for one in sniffer.segments) if context}
        self.assertEqual(len(spans), 50)

    def test_switched_off_there_is_none(self):
        self.start("--tcp-option=off", echo_group=PLAIN)
        with segments.Sniffer(self.echo.port) as sniffer:
            self.send(2, 5)
        self.assertEqual({one.context() for one in sniffer.segments}, {None})

    def test_killed_agent_leaves_working_connections_without_options(self):
        self.start()
        load = self.start_load(self.echo.url, path="/echo/", clients=8, seconds=6, pause=0.01, body_bytes=50_000)
        wait_until(lambda: self.counter("injections", outcome="option") > 20, "options")
        self.agent.stop(signal.SIGKILL)
        with segments.Sniffer(self.echo.port) as sniffer:
            self.assertEqual(self.end_load(load)["connections"], 8)
        self.assertGreater(len(sniffer.requests()), 20)
        self.assertEqual({one.context() for one in sniffer.segments}, {None})

    def forge(self, address, made):
        """Requests by forged segments, each on a connection of its own. made: {token: options}. Returns their SERVER spans."""
        for token, options in made.items():
            with segments.Sniffer(self.echo.port) as sniffer:
                with socket.create_connection((address, self.echo.port), source_address=(address, 0)) as connection:
                    own = connection.getsockname()
                    wait_until(lambda: [one for one in sniffer.segments if one.source == own and one.ack], "a handshake")
                    last = [one for one in sniffer.segments if one.source == own and one.ack][-1]
                    segments.forge(last, options, f"GET /echo/{token} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                    wait_until(lambda: [one for one in sniffer.segments if one.target == own and one.payload], "an answer")
        return {token: group[0] for token, group in self.spans_of(list(made), 1).items()}

    def test_what_a_peer_sends_is_data(self):
        self.start()
        trace, span = "ab" * 16, "cd" * 8
        right = segments.option(trace, span)
        found = self.forge(
            "127.0.0.1",
            {
                "right": right,
                "cut": right[:1] + b"\x18" + right[2:24],
                "behind-the-end": b"\0\1\1\1" + right,
                "another-id": right[:2] + b"\xab\xcd" + right[4:],
                "no-trace": segments.option("00" * 16, span),
                "no-span": segments.option(trace, "00" * 8),
            },
        )
        self.assertEqual((found["right"].trace_id, found["right"].parent_id), (trace, span))
        for token in set(found) - {"right"}:
            with self.subTest(token):
                self.assertEqual(found[token].parent_id, "")
                self.assertNotEqual(found[token].trace_id, trace)

    def test_nothing_is_taken_from_other_networks(self):
        self.start("--tcp-option-networks=192.0.2.0/24")
        found = self.forge("127.0.0.1", {"right": segments.option("ab" * 16, "cd" * 8)})
        self.assertEqual(found["right"].parent_id, "")
        self.assertEqual(self.counter("option_received"), 0)


if __name__ == "__main__":
    e2e.main()
