"""Judges the links of spans by the tokens in their paths. Knows nothing of how an agent finds them.

A request to a service has the path /SHAPE/CALLS/TOKEN, its calls have paths that end in the same TOKEN. So the true
parent of a CLIENT span of a service is the SERVER span of that service with the same token, and the true parent of a
SERVER span is the caller's CLIENT span with the same token. Nobody caused calls with other tokens (background callers):
every parent is wrong there.
"""

import collections
import dataclasses
import math

from tests.support.query import CLIENT, SERVER

CALLER = "client"  # the service name of the load
LEAF = "leaf"
_Z95 = 1.959964  # of the normal distribution, two-sided


@dataclasses.dataclass
class Score:
    """What was right and wrong in one cell. Sums of several runs are scores too: add them with +=."""

    requests: int = 0
    linkable: int = 0  # CLIENT spans of services whose true parent was exported
    linked: int = 0  # of these, with that parent in one trace with it
    wrong: int = 0  # CLIENT spans of services with another parent that exists, or a known true one that is not theirs
    wrong_hops: int = 0  # SERVER spans whose parent is not a call above them with their token
    dangling: int = 0  # spans with a parent that was not exported in their trace
    whole: int = 0  # requests whose trace is exactly right, from the caller to the leaf
    largest_trace: int = 0  # spans
    lost: int = 0  # records and spans that the agent says it lost
    examples: list = dataclasses.field(default_factory=list)  # sentences about the first wrong ones

    def __iadd__(self, other):
        for field in dataclasses.fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            total = max(mine, theirs) if field.name == "largest_trace" else mine + theirs
            setattr(self, field.name, total)
        return self

    @property
    def precision(self):
        """Of the links that were made, the share that is right; None without links."""
        made = self.linked + self.wrong
        return self.linked / made if made else None

    @property
    def precision_low95(self):
        made = self.linked + self.wrong
        return wilson_low(self.linked, made) if made else None

    @property
    def recall(self):
        return self.linked / self.linkable if self.linkable else None

    @property
    def whole_trace_exact(self):
        return self.whole / self.requests if self.requests else None


def wilson_low(successes, trials):
    """The lower end of Wilson's 95% interval of a share (E. B. Wilson 1927); trials > 0."""
    share, squared = successes / trials, _Z95 * _Z95
    centre = share + squared / (2 * trials)
    margin = _Z95 * math.sqrt(share * (1 - share) / trials + squared / (4 * trials * trials))
    return max(0.0, (centre - margin) / (1 + squared / trials))


def token_of(span):
    return span.path().rpartition("/")[2]


def _describe(span):
    return f"{span.service} {span.kind} {span.path()} [{span.attributes.get('clew.link.method', '-')}]"


class Judge:
    """Judges spans of one run, in which requests passed the services `hops` and then the leaf."""

    def __init__(self, spans, hops):
        self._hops = hops
        self._services = [CALLER, *hops, LEAF]  # downwards
        self._caller_of = dict(zip(self._services[1:], self._services))
        self._by_token = collections.defaultdict(list)
        self._by_id = {}
        self._trace_tokens = collections.defaultdict(collections.Counter)
        for span in spans:
            token = token_of(span)
            self._by_token[token].append(span)
            self._by_id[span.trace_id, span.span_id] = span
            self._trace_tokens[span.trace_id][token] += 1
        self._ids = {span_id for _, span_id in self._by_id}

    def score(self, tokens, calls, counted=None, caller_traced=True):
        """The Score of the requests with these tokens.

        `calls`: token -> how many calls it causes. `counted`: the tokens that had to be seen whole, default all; the
        others can be wrong, but not missing. `caller_traced`: whether the load has spans of its own. Spans with tokens
        of nobody are judged by unasked().
        """
        tokens = list(tokens)
        counted = set(tokens if counted is None else counted)
        result = Score(requests=len(counted))
        for token in tokens:
            for span in self._by_token.get(token, ()):
                self._judge(span, token, token in counted, result)
            if token in counted and self._is_whole(token, calls[token], caller_traced):
                result.whole += 1
        return result

    def unasked(self, asked):
        """The Score of all spans whose token is not one of `asked`: their calls have no right parent."""
        result = Score()
        for token in self._by_token.keys() - set(asked):
            for span in self._by_token[token]:
                self._judge(span, token, False, result)
        return result

    def _judge(self, span, token, counts, result):
        result.largest_trace = max(result.largest_trace, self._trace_tokens[span.trace_id].total())
        exported = (span.trace_id, span.parent_id) in self._by_id
        if span.parent_id and not exported:
            result.dangling += 1
        if span.kind == SERVER:
            self._judge_hop(span, token, result)
        elif span.service != CALLER:
            self._judge_call(span, token, counts and span.service in self._hops, result)
        elif span.parent_id:
            self._blame(span, "a caller outside has no parent", result)

    def _judge_call(self, span, token, counts, result):
        true = {
            (other.trace_id, other.span_id)
            for other in self._by_token[token]
            if other.kind == SERVER and other.service == span.service
        }
        if true and counts:
            result.linkable += 1
        if not span.parent_id:
            return
        if (span.trace_id, span.parent_id) in true:
            result.linked += counts
        elif true or span.parent_id in self._ids:
            self._blame(span, "another request's", result)

    def _judge_hop(self, span, token, result):
        if not span.parent_id:
            return
        parent = self._by_id.get((span.trace_id, span.parent_id))
        if parent is None:
            wrong = span.parent_id in self._ids  # it exists, but in another trace
        else:
            # One that is further up is not wrong, but the trace is not whole: a proxy forwarded what it was told. When
            # events are lost, the agent may not know a caller's name either.
            below = self._services[self._services.index(span.service) :] if span.service in self._services else []
            wrong = parent.kind != CLIENT or token_of(parent) != token or parent.service in below
        if wrong:
            result.wrong_hops += 1
            self._example(span, "not its call", result)

    def _blame(self, span, why, result):
        result.wrong += 1
        self._example(span, why, result)

    def _example(self, span, why, result):
        parent = self._by_id.get((span.trace_id, span.parent_id))
        named = _describe(parent) if parent else f"{span.parent_id}, which was not exported in this trace"
        result.examples.append(f"{_describe(span)} has the parent {named}: {why}")

    def _is_whole(self, token, calls, caller_traced):
        """Whether a request's trace is exactly what happened: all spans once, one trace, no strangers, edges right."""
        spans = self._by_token.get(token, [])
        expected = collections.Counter({(CALLER, CLIENT): int(caller_traced)})
        number = 1
        for hop in self._hops:
            expected[hop, SERVER] = number
            number = calls if hop == self._hops[0] else number
            expected[hop, CLIENT] = number
        expected[LEAF, SERVER] = number
        if collections.Counter((span.service, span.kind) for span in spans) != +expected:
            return False
        traces = {span.trace_id for span in spans}
        if len(traces) != 1 or set(self._trace_tokens[traces.pop()]) != {token}:
            return False
        return self._edges_are_right(spans, CALLER if caller_traced else self._hops[0])

    def _edges_are_right(self, spans, first):
        answered_calls = set()
        for span in spans:
            parent = self._by_id.get((span.trace_id, span.parent_id))
            if span.service == first and span.kind == (CLIENT if first == CALLER else SERVER):
                right = not span.parent_id
            elif span.kind == CLIENT:
                right = parent is not None and (parent.kind, parent.service) == (SERVER, span.service)
            else:
                right = parent is not None and (parent.kind, parent.service) == (CLIENT, self._caller_of[span.service])
                right = right and span.parent_id not in answered_calls  # a call has one answer
                answered_calls.add(span.parent_id)
            if not right:
                return False
        return True
