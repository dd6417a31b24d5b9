"""What the collector knows, asked by tracectl like a user would: spans from OTLP JSON."""

import concurrent.futures
import dataclasses
import json
import time
import urllib.parse

from tests.support.sandbox import Failure

SERVER = "SERVER"
CLIENT = "CLIENT"
_KINDS = {2: SERVER, 3: CLIENT, "SPAN_KIND_SERVER": SERVER, "SPAN_KIND_CLIENT": CLIENT}


@dataclasses.dataclass(frozen=True)
class Span:
    trace_id: str  # lower-case hex, like all ids here
    span_id: str
    parent_id: str  # empty: a root
    name: str
    kind: str  # SERVER, CLIENT, or OTLP's number of another kind
    service: str
    start_ns: int
    end_ns: int
    error: bool
    attributes: dict  # of the span; values are str, int, float, bool
    resource: dict

    def path(self):
        """The path of the request: a CLIENT span has it in url.full only."""
        if "url.path" in self.attributes:
            return self.attributes["url.path"]
        return urllib.parse.urlsplit(self.attributes.get("url.full", "")).path

    def __str__(self):
        parent = self.parent_id or "root"
        return f"{self.service} {self.kind} {self.name} {self.path()} {self.span_id} <- {parent}"


def _value(any_value):
    if "intValue" in any_value:
        return int(any_value["intValue"])
    for name in ("stringValue", "boolValue", "doubleValue"):
        if name in any_value:
            return any_value[name]
    return any_value


def _attributes(listed):
    return {attribute["key"]: _value(attribute["value"]) for attribute in listed}


def parse_otlp(text):
    """The spans of an OTLP JSON document (TracesData)."""
    spans = []
    for group in json.loads(text).get("resourceSpans", []):
        resource = _attributes(group.get("resource", {}).get("attributes", []))
        for scope in group.get("scopeSpans", []):
            for span in scope.get("spans", []):
                spans.append(
                    Span(
                        trace_id=span["traceId"],
                        span_id=span["spanId"],
                        parent_id=span.get("parentSpanId", ""),
                        name=span.get("name", ""),
                        kind=_KINDS.get(span.get("kind"), str(span.get("kind"))),
                        service=resource.get("service.name", ""),
                        start_ns=int(span["startTimeUnixNano"]),
                        end_ns=int(span["endTimeUnixNano"]),
                        error=span.get("status", {}).get("code") in (2, "STATUS_CODE_ERROR"),
                        attributes=_attributes(span.get("attributes", [])),
                        resource=resource,
                    )
                )
    return spans


def trace(collector, trace_id):
    """All spans of one trace."""
    return parse_otlp(collector.tracectl("trace", trace_id, "-o", "otlp"))


def trace_ids(collector, *filters):
    """The ids of all stored traces that match tracectl's own filters (default: of the last hour), newest first."""
    listing = collector.tracectl("traces", "-o", "name", "--limit", "10000", *(filters or ("--since", "1h")))
    return listing.split()


def all_spans(collector, *filters):
    """The spans of all stored traces that match."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda identity: trace(collector, identity), trace_ids(collector, *filters))
        return [span for spans in found for span in spans]


def settled(collector, least_spans, seconds=30):
    """Waits until at least that many spans are stored and a second brings no more. Returns their number.

    Raises Failure when there are too few after `seconds`.
    """
    deadline = time.monotonic() + seconds
    before = -1
    while True:
        now = int(collector.status()["spans_stored"])
        if now >= least_spans and now == before:
            return now
        if time.monotonic() > deadline:
            raise Failure(f"{now} spans are stored, expected {least_spans}")
        before = now
        time.sleep(1)
