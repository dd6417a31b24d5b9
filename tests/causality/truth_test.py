"""The scorer itself: every right link counts, every wrong one is found. Needs no kernel."""

import dataclasses
import random
import unittest

from tests.causality import shapes, truth
from tests.support.query import CLIENT, SERVER, Span


def span(trace, identity, parent, service, kind, token):
    path = f"/seq/2/{token}"
    attributes = {"url.path": path} if kind == SERVER else {"url.full": f"http://127.0.0.1:1{path}"}
    return Span(trace, identity, parent, "GET", kind, service, 0, 1, False, attributes, {})


def request(token, trace=None, calls=2, hops=("service",)):
    """The spans of one request, all right. Span ids are TOKEN.caller, TOKEN.service.in, TOKEN.service.out0, ..."""
    trace = trace or f"trace-{token}"
    spans = [span(trace, f"{token}.caller", "", truth.CALLER, CLIENT, token)]
    above = [f"{token}.caller"]
    for hop in hops:
        spans.append(span(trace, f"{token}.{hop}.in", above[0], hop, SERVER, token))
        above = [f"{token}.{hop}.out{number}" for number in range(calls)]
        spans += [span(trace, out, f"{token}.{hop}.in", hop, CLIENT, token) for out in above]
    spans += [span(trace, f"{token}.leaf{number}", out, truth.LEAF, SERVER, token) for number, out in enumerate(above)]
    return spans


def score(spans, tokens=("a", "b"), calls=2, hops=("service",), counted=None):
    return truth.Judge(spans, hops).score(tokens, dict.fromkeys(tokens, calls), counted)


def changed(spans, identity, **fields):
    return [dataclasses.replace(one, **fields) if one.span_id == identity else one for one in spans]


class Verdicts(unittest.TestCase):
    def test_right_traces_are_whole(self):
        result = score(request("a") + request("b"))
        self.assertEqual((result.linkable, result.linked, result.wrong, result.wrong_hops), (4, 4, 0, 0))
        self.assertEqual((result.dangling, result.whole, result.requests, result.largest_trace), (0, 2, 2, 6))
        self.assertEqual((result.precision, result.recall, result.whole_trace_exact), (1, 1, 1))

    def test_no_parent_is_not_linked_and_not_wrong(self):
        own = changed(request("a"), "a.service.out1", parent_id="", trace_id="other")
        own = changed(own, "a.leaf1", trace_id="other")
        result = score(own, ["a"])
        self.assertEqual((result.linkable, result.linked, result.wrong, result.wrong_hops), (2, 1, 0, 0))
        self.assertEqual((result.whole, result.dangling), (0, 0))

    def test_the_parent_of_another_request_is_wrong(self):
        spans = changed(request("a") + request("b"), "a.service.out0", parent_id="b.service.in", trace_id="trace-b")
        spans = changed(spans, "a.leaf0", trace_id="trace-b")
        result = score(spans)
        self.assertEqual((result.linkable, result.linked, result.wrong, result.dangling), (4, 3, 1, 0))
        self.assertEqual((result.whole, result.largest_trace), (0, 8), "b's trace has strangers")
        self.assertEqual(len(result.examples), 1)

    def test_the_right_parent_in_the_wrong_trace_is_wrong(self):
        result = score(changed(request("a"), "a.service.out0", trace_id="other"), ["a"])
        self.assertEqual((result.linked, result.wrong, result.wrong_hops, result.dangling), (1, 1, 1, 2))

    def test_a_call_under_the_call_before_it_is_wrong(self):
        result = score(changed(request("a"), "a.service.out1", parent_id="a.service.out0"), ["a"])
        self.assertEqual((result.linked, result.wrong, result.whole), (1, 1, 0))

    def test_a_parent_that_was_not_exported_dangles(self):
        result = score([one for one in request("a") if one.span_id != "a.service.in"], ["a"])
        self.assertEqual((result.linkable, result.linked, result.wrong, result.dangling), (0, 0, 0, 2))

    def test_another_parent_than_the_exported_true_one_is_wrong_even_when_it_dangles(self):
        result = score(changed(request("a"), "a.service.out0", parent_id="nowhere"), ["a"])
        self.assertEqual((result.wrong, result.dangling), (1, 1))

    def test_a_stolen_answer_is_a_wrong_hop(self):
        spans = changed(request("a") + request("b"), "a.leaf0", parent_id="b.service.out0", trace_id="trace-b")
        result = score(spans)
        self.assertEqual((result.wrong, result.wrong_hops, result.whole), (0, 1, 0))

    def test_two_answers_to_one_call_are_not_whole(self):
        result = score(changed(request("a"), "a.leaf1", parent_id="a.service.out0"), ["a"])
        self.assertEqual((result.wrong_hops, result.whole), (0, 0))

    def test_a_caller_with_a_parent_is_wrong(self):
        self.assertEqual(score(changed(request("a"), "a.caller", parent_id="a.leaf0"), ["a"]).wrong, 1)

    def test_a_missing_or_doubled_span_is_not_whole(self):
        for left_out in range(6):
            spans = request("a")
            del spans[left_out]
            self.assertEqual(score(spans, ["a"]).whole, 0, left_out)
        twice = span("trace-a", "x", "a.caller", "service", SERVER, "a")
        self.assertEqual(score(request("a") + [twice], ["a"]).whole, 0)

    def test_merged_requests_are_not_whole_though_each_link_is_right(self):
        result = score(request("a", "same") + request("b", "same"))
        self.assertEqual((result.wrong, result.linked, result.whole, result.largest_trace), (0, 4, 0, 12))

    def test_background_calls_have_no_right_parent(self):
        free = [span("trace-x", "x", "", "service", CLIENT, "background-1")]
        caught = [span("trace-a", "y", "a.service.in", "service", CLIENT, "background-2")]
        judge = truth.Judge(request("a") + free + caught, ["service"])
        result = judge.unasked({"a": 2})
        self.assertEqual((result.wrong, result.linkable, result.requests), (1, 0, 0))

    def test_requests_that_need_not_be_seen_can_only_be_wrong(self):
        spans = [one for one in request("a") if one.span_id != "a.caller"] + request("b")
        result = score(spans, counted=["b"])
        self.assertEqual((result.linkable, result.linked, result.requests, result.whole), (2, 2, 1, 1))
        wrong = changed(spans, "a.service.out0", parent_id="b.service.in", trace_id="trace-b")
        self.assertEqual(score(wrong, counted=["b"]).wrong, 1)

    def test_a_request_without_calls_is_whole_without_a_leaf(self):
        self.assertEqual(score(request("a", calls=0), ["a"], calls=0).whole, 1)

    def test_without_a_traced_caller_the_request_itself_is_the_root(self):
        spans = changed(request("a")[1:], "a.service.in", parent_id="")
        judge = truth.Judge(spans, ["service"])
        self.assertEqual(judge.score(["a"], {"a": 2}, caller_traced=False).whole, 1)
        self.assertEqual(judge.score(["a"], {"a": 2}).whole, 0)

    def test_a_chain_is_whole_only_with_all_hops(self):
        hops = ("first", "second")
        self.assertEqual(score(request("a", calls=1, hops=hops), ["a"], 1, hops).whole, 1)
        skipped = changed(request("a", calls=1, hops=hops), "a.second.in", parent_id="a.caller")
        result = score(skipped, ["a"], 1, hops)
        self.assertEqual((result.whole, result.wrong_hops), (0, 0), "the caller is above, but did not call")
        upwards = changed(request("a", calls=1, hops=hops), "a.first.in", parent_id="a.second.out0")
        self.assertEqual(score(upwards, ["a"], 1, hops).wrong_hops, 1)

    def test_moving_links_at_random_is_always_found(self):
        seed = random.SystemRandom().getrandbits(32)
        print(f"seed {seed}")
        chance = random.Random(seed)
        for _ in range(300):
            tokens = [f"t{number}" for number in range(chance.randint(2, 8))]
            spans = {one.span_id: one for token in tokens for one in request(token)}
            moved = set()
            for token in tokens:
                for number in range(2):
                    if chance.random() < 0.3:
                        other = chance.choice([one for one in tokens if one != token])
                        identity = f"{token}.service.out{number}"
                        spans[identity] = dataclasses.replace(
                            spans[identity], parent_id=f"{other}.service.in", trace_id=f"trace-{other}"
                        )
                        moved.add(identity)
            result = score(list(spans.values()), tokens)
            self.assertEqual(result.wrong, len(moved))
            self.assertEqual(result.linked, 2 * len(tokens) - len(moved))


class Numbers(unittest.TestCase):
    def test_wilson_is_the_published_interval(self):
        # Newcombe 1998, table I: 81 of 263 and 0 of 20 and 1 of 29, score method.
        self.assertAlmostEqual(truth.wilson_low(81, 263), 0.2553, 4)
        self.assertEqual(truth.wilson_low(0, 20), 0)
        self.assertAlmostEqual(truth.wilson_low(1, 29), 0.0061, 4)

    def test_without_trials_there_is_no_share(self):
        nothing = truth.Score()
        self.assertEqual((nothing.precision, nothing.precision_low95), (None, None))
        self.assertEqual((nothing.recall, nothing.whole_trace_exact), (None, None))

    def test_scores_add_up_but_for_the_largest_trace(self):
        total = truth.Score(linkable=2, linked=1, largest_trace=7, examples=["x"])
        total += truth.Score(linkable=3, linked=3, largest_trace=5, examples=["y"])
        self.assertEqual((total.linkable, total.linked, total.largest_trace, total.examples), (5, 4, 7, ["x", "y"]))


class Table(unittest.TestCase):
    def test_every_runtime_has_a_shape_or_a_reason_and_no_reason_for_what_is_no_shape(self):
        for runtime, gaps in shapes.GAPS.items():
            self.assertLessEqual(gaps.keys(), shapes.SHAPES.keys(), runtime)
            self.assertTrue(all(gaps.values()), runtime)
            self.assertIn("seq", [shape.name for shape in shapes.of(runtime)])


if __name__ == "__main__":
    unittest.main(verbosity=2)
