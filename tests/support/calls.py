"""Tests of services that call others: whose call is it?"""

from tests.support import e2e, metrics
from tests.support.chain import by_token
from tests.support.echo import Echo
from tests.support.query import CLIENT, SERVER
from tests.support.sandbox import PLAIN


class CallsTest(e2e.EndToEndTest):
    """Clew, and a leaf that is not traced; requests come from outside of what is traced, too."""

    def setUp(self):
        super().setUp()
        self.leaf = Echo(self.sandbox, group=PLAIN).start()

    def start(self, flags=()):
        self.collector, self.agent = self.start_clew(flags=flags)

    def send(self, url, how, clients=20, requests=10, prefix=None):
        """Requests, in the background."""
        return self.start_load(
            url, group=PLAIN, path=f"/{how}/", prefix=prefix or how, clients=clients, requests=requests
        )

    def begin(self, path, token):
        """One request to self.url, from outside of what is traced, in the background."""
        return self.sandbox.spawn("curl", ["curl", "-sSf", f"{self.url}/{path}/{token}"], group=PLAIN)

    def end(self, process):
        self.assertEqual(process.popen.wait(30), 0)

    def ask(self, path, token):
        self.end(self.begin(path, token))

    def counter(self, name):
        return metrics.Samples(metrics.get(self.agent.metrics_port, "/metrics")).total(f"clew_agent_{name}_total")

    def spans_of(self, requests, calls):
        """By token: its SERVER span and its CLIENT spans, once there are as many as must be."""

        def lacks(spans):
            return (
                requests - sum(span.kind == SERVER for span in spans),
                calls - sum(span.kind == CLIENT for span in spans),
            )

        spans = self.spans_when(self.collector, lambda spans: max(lacks(spans)) <= 0)
        self.assertLessEqual(max(lacks(spans)), 0, f"requests, calls that are missing: {lacks(spans)}")
        found = {}
        for token, group in by_token(spans).items():
            (request,) = (span for span in group if span.kind == SERVER)
            found[token] = request, [span for span in group if span.kind == CLIENT]
        return found

    def check_linked(self, found, methods):
        for token, (request, made) in found.items():
            for call in made:
                with self.subTest(token):
                    self.assertEqual(call.parent_id, request.span_id)
                    self.assertEqual(call.trace_id, request.trace_id)
                    self.assertIn(call.attributes["clew.link.method"], methods)

    def check_right_or_none(self, found):
        for token, (request, made) in found.items():
            for call in made:
                with self.subTest(token):
                    self.assertIn(call.parent_id, ("", request.span_id))
