"""What the collector knows, asked by tracectl like a user would: spans from OTLP JSON."""

import concurrent.futures
import dataclasses
import json
import urllib.parse

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


class Traces:
    """The traces of a collector, each fetched again only when it has got more spans."""

    def __init__(self, collector, *filters):
        """`filters` are tracectl's own; default: the last hour."""
        self._collector = collector
        self._filters = filters or ("--since", "1h")
        self._fetched = {}  # trace id -> spans

    def counts(self):
        """How many spans each stored trace has: {trace id: number}. One cheap question."""
        listing = self._collector.tracectl("traces", "-o", "jsonl", "--limit", "10000", *self._filters)
        return {one["trace_id"]: one["span_count"] for one in map(json.loads, listing.splitlines())}

    def spans(self, counts=None):
        """All spans of the stored traces, or of those in `counts`. A question for every trace that has grown."""
        counts = self.counts() if counts is None else counts
        stale = [identity for identity, count in counts.items() if len(self._fetched.get(identity, ())) != count]
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            self._fetched.update(zip(stale, pool.map(self._fetch, stale)))
        return [span for identity in counts for span in self._fetched[identity]]

    def _fetch(self, identity):
        return parse_otlp(self._collector.tracectl("trace", identity, "-o", "otlp"))
