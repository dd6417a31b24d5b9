"""What the trace of one request through the shop must be, checked span by span."""

import collections

from tests.support.query import CLIENT, SERVER

# method -> the calls of one request as (caller, callee), None being the traced client outside the shop.
_CALLS = {
    "GET": (("gateway", "orders"), ("orders", "inventory"), ("orders", "pricing")),
    "POST": (("gateway", "orders"), ("orders", "inventory")),
}
_FIRST_PATH = {"gateway": "checkout", "orders": "orders", "inventory": "stock", "pricing": "price"}


def by_token(spans):
    """Groups spans by the last segment of their path."""
    groups = collections.defaultdict(list)
    for span in spans:
        groups[span.path().rpartition("/")[2]].append(span)
    return groups


def problems(spans, token, method="GET", client=None, entry="gateway"):
    """Everything that is wrong with the spans of the request with that token, as sentences; [] for a perfect trace.

    `client` is the service name of the traced client that sent the request, None: it was not traced. `entry` is the
    service that it called. Each call must have a CLIENT span and a SERVER span, the latter's parent being the former,
    and each CLIENT span's parent must be the SERVER span of the same service, which lasts longer; all in one trace.
    """
    found = []
    calls = [call for call in _CALLS[method] if entry == "gateway" or call[0] != "gateway"]
    calls.insert(0, (client, entry))

    if len({span.trace_id for span in spans}) != 1:
        found.append(f"{len({span.trace_id for span in spans})} traces")
    expected = collections.Counter()
    for caller, callee in calls:
        if caller is not None:
            expected[(caller, CLIENT, f"/{_FIRST_PATH[callee]}/{token}")] += 1
        expected[(callee, SERVER, f"/{_FIRST_PATH[callee]}/{token}")] += 1
    actual = collections.Counter((span.service, span.kind, span.path()) for span in spans)
    found += [f"missing: {' '.join(what)}" for what in (expected - actual).elements()]
    found += [f"unexpected: {' '.join(what)}" for what in (actual - expected).elements()]

    spans_by_id = {span.span_id: span for span in spans}
    caller_of = {callee: caller for caller, callee in calls}
    for span in spans:
        parent = spans_by_id.get(span.parent_id)
        caller = caller_of.get(span.service)
        if span.kind == SERVER and caller is not None:
            if not (parent and parent.kind == CLIENT and parent.service == caller and parent.path() == span.path()):
                found.append(f"parent is not {caller}'s call: {span}")
        elif span.kind == CLIENT and span.service != client:
            if not (parent and parent.kind == SERVER and parent.service == span.service):
                found.append(f"parent is not the request that {span.service} served: {span}")
        elif span.parent_id:
            found.append(f"not a root: {span}")
        # Only within a process: a reader may run before the writer's call has returned, that is, was timed.
        if parent and parent.service == span.service:
            if span.start_ns < parent.start_ns or span.end_ns > parent.end_ns:
                found.append(f"not within its parent's time: {span}")
        if span.end_ns < span.start_ns:
            found.append(f"ends before it begins: {span}")
    return found
