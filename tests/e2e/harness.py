"""The harness itself: what judges traces must find each fault, what reads reports must read them. Needs no kernel."""

import dataclasses
import json
import unittest

from tests.support import chain, metrics, query, wrk
from tests.support.query import CLIENT, SERVER, Span
from tests.support.sandbox import Failure

TRACE = "a" * 32


def span(identity, parent, service, kind, path, start, end, trace=TRACE):
    attribute = {"url.path": path} if kind == SERVER else {"url.full": f"http://127.0.0.1:1{path}?q=1"}
    return Span(trace, identity, parent, f"GET {path}", kind, service, start, end, False, attribute, {})


def perfect(token="7"):
    return [
        span("1", "", "curl", CLIENT, f"/checkout/{token}", 0, 100),
        span("2", "1", "gateway", SERVER, f"/checkout/{token}", 1, 99),
        span("3", "2", "gateway", CLIENT, f"/orders/{token}", 2, 98),
        span("4", "3", "orders", SERVER, f"/orders/{token}", 3, 97),
        span("5", "4", "orders", CLIENT, f"/stock/{token}", 4, 40),
        span("6", "5", "inventory", SERVER, f"/stock/{token}", 5, 39),
        span("7", "4", "orders", CLIENT, f"/price/{token}", 41, 96),
        span("8", "7", "pricing", SERVER, f"/price/{token}", 42, 95),
    ]


class ChainJudge(unittest.TestCase):
    def test_perfect_trace_has_no_problem(self):
        self.assertEqual(chain.problems(perfect(), "7", client="curl"), [])

    def test_each_missing_span_is_a_problem(self):
        for left_out in range(8):
            spans = perfect()
            del spans[left_out]
            self.assertTrue(chain.problems(spans, "7", client="curl"), left_out)

    def test_each_wrong_parent_is_a_problem(self):
        for wrong in range(8):
            for parent in ("", "f", *(str(other) for other in range(1, 9))):
                spans = perfect()
                if parent == spans[wrong].parent_id:
                    continue
                spans[wrong] = dataclasses.replace(spans[wrong], parent_id=parent)
                self.assertTrue(chain.problems(spans, "7", client="curl"), (wrong, parent))

    def test_each_span_in_another_trace_is_a_problem(self):
        for wrong in range(8):
            spans = perfect()
            spans[wrong] = dataclasses.replace(spans[wrong], trace_id="b" * 32)
            self.assertTrue(chain.problems(spans, "7", client="curl"), wrong)

    def test_a_span_twice_is_a_problem(self):
        self.assertTrue(chain.problems(perfect() + perfect()[3:4], "7", client="curl"))

    def test_call_longer_than_the_request_it_serves_is_a_problem(self):
        spans = perfect()
        spans[4] = dataclasses.replace(spans[4], end_ns=98)
        self.assertTrue(chain.problems(spans, "7", client="curl"))

    def test_untraced_client_makes_the_gateway_the_root(self):
        spans = perfect()[1:]
        self.assertTrue(chain.problems(spans, "7"))
        spans[0] = dataclasses.replace(spans[0], parent_id="")
        self.assertEqual(chain.problems(spans, "7"), [])


class Readers(unittest.TestCase):
    def test_otlp_json_becomes_spans(self):
        document = {
            "resourceSpans": [
                {
                    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "orders"}}]},
                    "scopeSpans": [
                        {
                            "spans": [
                                {
                                    "traceId": TRACE,
                                    "spanId": "1" * 16,
                                    "name": "GET",
                                    "kind": 2,
                                    "startTimeUnixNano": "5",
                                    "endTimeUnixNano": "9",
                                    "attributes": [
                                        {"key": "url.path", "value": {"stringValue": "/x"}},
                                        {"key": "http.response.status_code", "value": {"intValue": "500"}},
                                    ],
                                    "status": {"code": 2},
                                }
                            ]
                        }
                    ],
                }
            ]
        }
        (found,) = query.parse_otlp(json.dumps(document))
        self.assertEqual((found.service, found.kind, found.path(), found.parent_id), ("orders", SERVER, "/x", ""))
        self.assertEqual((found.start_ns, found.end_ns, found.error), (5, 9, True))
        self.assertEqual(found.attributes["http.response.status_code"], 500)

    def test_metrics_are_summed_by_label(self):
        samples = metrics.Samples('# HELP a b\na_total{reason="x",to="1"} 2\na_total{reason="x",to="2"} 3\na_total{reason="y"} 5\nb 1e3 17\n')
        self.assertEqual(samples.total("a_total"), 10)
        self.assertEqual(samples.total("a_total", reason="x"), 5)
        self.assertEqual(samples.total("b"), 1000)
        self.assertEqual(samples.total("c"), 0)

    def test_wrk_is_read_with_its_errors(self):
        text = """
  Latency Distribution
     50%  215.00us
     99%    1.50ms
  252385 requests in 2.00s, 573.00MB read
  Socket errors: connect 1, read 2, write 3, timeout 4
  Non-2xx or 3xx responses: 7
Requests/sec: 126158.44
"""
        result = wrk.parse(text)
        self.assertEqual((result.requests, result.p50_us, result.p99_us, result.failed), (252385, 215, 1500, 17))
        with self.assertRaises(Failure):
            wrk.parse("unable to connect to 127.0.0.1:1 Connection refused")


if __name__ == "__main__":
    unittest.main(verbosity=2)
