"""Whatever system call moves the bytes, the spans are right: one of each kind per request, sizes exact, linked."""

import os
import subprocess

from tests.support import chain, e2e
from tests.support.query import CLIENT, SERVER

PROGRAM = os.environ["CLEW_SYSCALLS"]
CASES = subprocess.run([PROGRAM], check=True, capture_output=True, text=True).stdout.split()
REQUEST_BODY, RESPONSE_BODY = 5000, 7000

# A head in pieces is left alone, so its request cannot carry the header: the collector joins the two ends of the call.
JOINED = {"byte_by_byte"}
# Only TCP has the hook, and numbers by which both ends could be joined.
UNLINKED = {"unix"}

# The program opens its connection before the agent has looked at it. Where FIONREAD is wrong under injection such a
# connection leaves after its first request and is adopted again, and the first request after an adoption may go without the
# header: that it does not begin in the middle of an exchange cannot always be told.
FIRST_AGAIN = "2"


class SyscallsMatrix(e2e.EndToEndTest):
    def problems(self, spans, case):
        found = []
        by_token = chain.by_token(span for span in spans if span.path().startswith(f"/{case}/"))
        for token in ("1", "2", "3"):
            both = by_token.get(token, [])
            kinds = sorted(span.kind for span in both)
            if kinds != [CLIENT, SERVER]:
                found.append(f"{case}/{token}: {kinds}")
                continue
            client, server = sorted(both, key=lambda span: span.kind)
            for span in both:
                sizes = tuple(
                    span.attributes.get(f"http.{which}.body.size") for which in ("request", "response")
                )
                if sizes != (REQUEST_BODY, RESPONSE_BODY):
                    found.append(f"{case}/{token}: {span.kind} has sizes {sizes}")
                if span.attributes.get("http.response.status_code") != 200 or span.error:
                    found.append(f"{case}/{token}: {span.kind} has another status: {span.attributes}")
                if span.end_ns < span.start_ns:
                    found.append(f"{case}/{token}: {span.kind} ends before it begins")
            if token == FIRST_AGAIN:
                continue
            linked = server.parent_id == client.span_id and server.trace_id == client.trace_id
            if linked == (case in UNLINKED):
                found.append(f"{case}/{token}: {'' if linked else 'not '}linked")
            if case in JOINED and server.attributes.get("clew.link.method") != "join":
                found.append(f"{case}/{token}: not joined")
        return found

    def test_every_case_gives_the_right_spans(self):
        # Not known by name: without this it would have to be watched first where FIONREAD is wrong under injection.
        config = self.sandbox.folder / "agent.yaml"
        config.write_text(f"inject:\n  fionread_never: [{os.path.basename(PROGRAM)}]\n")
        collector, _ = self.start_clew(flags=[f"--config={config}"])
        for case in CASES:
            self.sandbox.run([PROGRAM, case], timeout=30)

        def wrong(spans):
            return [problem for case in CASES for problem in self.problems(spans, case)]

        spans = self.spans_when(collector, lambda spans: not wrong(spans))
        problems = wrong(spans)
        self.assertFalse(problems, "\n" + "\n".join(problems))


if __name__ == "__main__":
    e2e.main()
