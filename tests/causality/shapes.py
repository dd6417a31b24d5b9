"""The ways in which a request leads to calls, and which runtimes have them: a table, with the reason for every gap."""

import dataclasses

# A few milliseconds each, so that requests overlap even at concurrency 10.
CALLS = 3


@dataclasses.dataclass(frozen=True)
class Shape:
    """One row of the table. A request's path is one of `paths`, taken in turn, and a token."""

    name: str
    paths: tuple
    what: str
    background: bool = False  # threads, tasks or goroutines of the service call beside all requests
    outside: bool = False  # the callers are not traced, so that no request comes with a header
    close: bool = False  # a connection for each request
    late: bool = False  # the agent starts in the middle
    lossy: bool = False  # the agent has a small ring buffer and stands still now and then

    @property
    def own_run(self):
        """Whether it needs an agent or a service of its own."""
        return self.background or self.late or self.lossy


def _of(name, what, calls=CALLS, **more):
    return Shape(name, (f"/{name}/{calls}/",), what, **more)


SHAPES = {
    shape.name: shape
    for shape in (
        _of("seq", "one call after the other"),
        _of("par", "all calls at once: started threads, gathered tasks, goroutines"),
        _of("timer", "each call after a timer"),
        _of("pool", "each call by a pool's worker; Node and hyper: after work in the runtime's pool"),
        _of("futures", "all calls at once by a pool's workers, the request waits for all"),
        _of("queue", "the whole request goes through a queue to a worker, which calls"),
        Shape("longpoll", ("/longpoll/1/", "/post/1/"), "requests wait for others to come, which also call"),
        _of("forget", "the work is started and the request answered"),
        _of("retry", "the first call fails and is tried again", calls=2),
        _of("lock", "requests compete for a lock between their calls"),
        _of("saturated", "more requests than the client may have connections"),
        _of("multiplexed", "all share one connection: each request is written while others wait for their replies"),
        _of("reuse", "a connection for each request and call: descriptors serve others at once", close=True),
        Shape("cached", ("/seq/0/", "/seq/1/"), "every second request is answered without a call"),
        Shape("outside", (f"/seq/{CALLS}/",), "the callers are not traced: no request brings a header", outside=True),
        Shape("background", (f"/seq/{CALLS}/",), "callers that no request caused run beside", background=True),
        Shape("late", (f"/seq/{CALLS}/",), "the agent starts while requests are on their way", late=True),
        Shape("lossy", (f"/seq/{CALLS}/",), "events are lost: a small ring, an agent that stands still", lossy=True),
    )
}

# runtime -> {shape: why it does not have it}
_SINGLE_THREAD = "one thread: nobody competes for a lock"
_PROXY = "a proxy calls once for each request and by itself"
_PROXY_LACKS = (
    "par", "timer", "pool", "futures", "queue", "longpoll", "forget", "retry", "lock", "saturated", "multiplexed",
    "cached", "background",
)  # fmt: skip
_BY_ITSELF = "each thread, task or goroutine calls by itself, whoever lets it go on"
_DIES = "the process ends with its request: nothing outlives it"
_UNSHARED = "each process serves one request: nothing is shared"

GAPS = {
    "python-threads": {"longpoll": _BY_ITSELF},
    "python-fork": {
        "longpoll": _UNSHARED,
        **dict.fromkeys(("pool", "futures", "queue", "forget"), _DIES),
        **dict.fromkeys(("lock", "saturated", "multiplexed"), _UNSHARED),
    },
    "gunicorn-sync": dict.fromkeys(
        ("lock", "saturated", "multiplexed", "longpoll"), "a worker serves one request at a time"
    ),
    "gunicorn-gthread": {"longpoll": _BY_ITSELF},
    "aiohttp": {"longpoll": _BY_ITSELF},
    "uvicorn-httpx": {"longpoll": _BY_ITSELF},
    "node-http": {"lock": _SINGLE_THREAD, "futures": "par is the same"},
    "node-fetch": {
        "lock": _SINGLE_THREAD,
        "futures": "par is the same",
        "saturated": "fetch() has no limit that a user can set",
        "multiplexed": "fetch() never writes a request before the reply to the last, unless it speaks HTTP/2",
    },
    "node-cluster": {"lock": _SINGLE_THREAD, "futures": "par is the same"},
    "go": {"longpoll": _BY_ITSELF},
    "hyper": {
        "futures": "par is the same",
        "saturated": "hyper's client has no limit",
        "longpoll": _BY_ITSELF,
        "multiplexed": "hyper's client writes no request before the reply to the last, unless it speaks HTTP/2",
    },
    "java": {"saturated": "HttpURLConnection has no limit", "longpoll": _BY_ITSELF},
    "java-virtual": {"saturated": "HttpURLConnection has no limit", "longpoll": _BY_ITSELF},
    "puma": {
        "saturated": "Net::HTTP has no pool",
        "multiplexed": "Net::HTTP writes no request before the reply to the last",
        "longpoll": _BY_ITSELF,
        **dict.fromkeys(("pool", "futures", "queue"), "Ruby's library has no pool"),
    },
    "nginx": dict.fromkeys(_PROXY_LACKS, _PROXY),
    "haproxy": dict.fromkeys(_PROXY_LACKS, _PROXY),
    # nginx, Go, aiohttp, Node and Java behind each other, a call each.
    "five-hops": {name: "one call a hop" for name in SHAPES if name not in ("seq", "outside", "late", "lossy")},
}
PROXIES = ("nginx", "haproxy")
CHAINS = (*PROXIES, "five-hops")


def of(runtime):
    """The shapes that a runtime has, in the table's order."""
    return [shape for shape in SHAPES.values() if shape.name not in GAPS[runtime]]


def paths(runtime, shape):
    """What a request asks for, without its token."""
    return ("/seq/1/",) if runtime in CHAINS else shape.paths
