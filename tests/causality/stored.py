"""All spans of a collector by its query service: hundreds of traces a second, where tracectl is a process for each.

Use it in a process that has entered its sandbox before: gRPC's threads stay in the network namespace they began in.
"""

import importlib
import subprocess
import sys

import grpc

from tests.support import environment
from tests.support.query import CLIENT, SERVER, Span
from tests.support.sandbox import Failure

_GENERATED = environment.ROOT / "build" / "services" / "proto"
_SERVICE = "/clew.query.v1.QueryService/"
_PAGE_TRACES = 10_000
_TIMEOUT_S = 60
_KINDS = {2: SERVER, 3: CLIENT}


def _messages():
    """The generated module of query.proto."""
    _GENERATED.mkdir(parents=True, exist_ok=True)
    proto = environment.ROOT / "proto"
    sources = [proto / "query/v1/query.proto", *(proto / "opentelemetry").rglob("*.proto")]
    subprocess.run(
        [environment.need_tool("protoc"), f"-I{proto}", f"--python_out={_GENERATED}", *sources], check=True
    )
    if str(_GENERATED) not in sys.path:
        sys.path.insert(0, str(_GENERATED))
    return importlib.import_module("query.v1.query_pb2")


def _value(any_value):
    which = any_value.WhichOneof("value")
    return None if which is None else getattr(any_value, which)


def _attributes(listed):
    return {attribute.key: _value(attribute.value) for attribute in listed}


def _spans(groups):
    for group in groups:
        resource = _attributes(group.resource.attributes)
        for scope in group.scope_spans:
            for span in scope.spans:
                yield Span(
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    name=span.name,
                    kind=_KINDS.get(span.kind, str(span.kind)),
                    service=resource.get("service.name", ""),
                    start_ns=span.start_time_unix_nano,
                    end_ns=span.end_time_unix_nano,
                    error=span.status.code == 2,
                    attributes=_attributes(span.attributes),
                    resource=resource,
                )


def spans(collector):
    """The stored spans. Raises grpc.RpcError without an answer, Failure when it makes no sense."""
    query = _messages()
    with grpc.insecure_channel(f"127.0.0.1:{collector.query_port}") as channel:

        def ask(method, request, answer):
            call = channel.unary_stream(
                _SERVICE + method, type(request).SerializeToString, getattr(query, answer).FromString
            )
            return call(request, timeout=_TIMEOUT_S)

        identities, cursor = [], ""
        while True:
            search = query.SearchTracesRequest(limit=_PAGE_TRACES, cursor=cursor)
            end = None
            for part in ask("SearchTraces", search, "SearchTracesResponse"):
                if part.WhichOneof("part") == "end":
                    end = part.end
                else:
                    identities.append(part.trace.trace_id.hex())
            if end is None or end.partial != query.PARTIAL_NO:
                raise Failure(f"a search gave a part only: {end}")
            cursor = end.next_cursor
            if not cursor:
                break
        return [
            span
            for identity in identities
            for part in ask("GetTrace", query.GetTraceRequest(trace_id=identity), "GetTraceResponse")
            for span in _spans(part.resource_spans)
        ]
