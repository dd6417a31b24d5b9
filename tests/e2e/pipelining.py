"""Requests that share a connection and wait there together: each is a span at both ends, with what is its own."""

import os
import pathlib

from tests.e2e.services import pipelined
from tests.support import e2e, environment
from tests.support.chain import by_token
from tests.support.echo import Echo
from tests.support.query import CLIENT, SERVER
from tests.support.sandbox import TRACED

SERVICE = pathlib.Path(__file__).parent / "services" / "pipelined.py"
TOKENS = [f"{way}-{number:03}" for way in ("alone", "all") for number in range(pipelined.REQUESTS)]


class Pipelining(e2e.EndToEndTest):
    def test_each_of_many_requests_is_a_span_at_both_ends(self):
        # Else only a connection's first request carries a header, where FIONREAD is wrong under injection.
        config = self.sandbox.folder / "agent.yaml"
        config.write_text(f"inject:\n  fionread_never: [{os.path.basename(os.path.realpath(environment.PYTHON))}]\n")
        collector, _ = self.start_clew(flags=[f"--config={config}"])
        echo = Echo(self.sandbox, group=TRACED).start()
        self.sandbox.run([environment.PYTHON, SERVICE, echo.port], timeout=60)
        spans = self.spans_when(collector, lambda spans: not self.problems(spans))
        self.assertEqual("\n".join(self.problems(spans)), "")

    @staticmethod
    def problems(spans):
        found, groups = [], by_token(spans)
        for token in TOKENS:
            both = sorted(groups.get(token, []), key=lambda span: span.kind)
            if [span.kind for span in both] != [CLIENT, SERVER]:
                found.append(f"{token}: {[span.kind for span in both]}")
                continue
            client, server = both
            if token.startswith("alone") and server.parent_id != client.span_id:
                found.append(f"{token}: a request in a write of its own was to carry the header")
            sent = len(pipelined.BODY) if token.startswith("all") else 0
            received = sent or len(f"/echo/{token}")
            for span in both:
                sizes = tuple(span.attributes.get(f"http.{which}.body.size", 0) for which in ("request", "response"))
                if sizes != (sent, received):
                    found.append(f"{token}: {span.kind} has sizes {sizes}")
                if span.attributes.get("http.response.status_code") != 200:
                    found.append(f"{token}: {span.kind} has another status: {span.attributes}")
        return found


if __name__ == "__main__":
    e2e.main()
