"""Threads that call for others, and what wakes whom. usage: pools.py PORT URL

A path is /WAY/TOKEN; ways call URL/TOKEN. The ways with -gives and -waits are two requests, of which the second waits for something
that the worker of the first has, which is not its call: of that one it must not become the parent.
"""

import concurrent.futures
import http.server
import os
import queue
import select
import socket
import sys
import threading
import urllib.parse

CALLS = 3
MOMENT_S = 0.1  # in which a thread that is about to wait does so
PORT, URL = int(sys.argv[1]), urllib.parse.urlsplit(sys.argv[2])

pool = concurrent.futures.ThreadPoolExecutor(8)
jobs = queue.SimpleQueue()


class Call:
    """A request in two steps, on a connection of its own."""

    def __init__(self, token):
        self._socket = socket.create_connection((URL.hostname, URL.port))
        self._socket.sendall(f"GET /{token} HTTP/1.1\r\nHost: {URL.netloc}\r\nConnection: close\r\n\r\n".encode())

    def end(self):
        while self._socket.recv(4096):
            pass
        self._socket.close()


def call(token):
    Call(token).end()


def pause(seconds):
    """In the middle of its work: to the kernel side, whoever sleeps by the clock begins something new."""
    select.select((), (), (), seconds)


def until(happened):
    """Waits so that no thread wakes this one."""
    while not happened():
        pause(0.005)


class Stage:
    """What two requests and a worker know of each other."""

    def __init__(self):
        self.lock = threading.Lock()
        self.held = self.called = self.replied = self.waits = False
        self.first, self.second = threading.Event(), threading.Event()

    def hold(self, token, somebody_waits):
        """A worker calls while it has the lock. It waits until somebody else does: "before" the call, "amid" it, or "behind" it."""
        with self.lock:
            self.held = True
            self._await("before", somebody_waits)
            made = Call(token)
            self.called = True
            self._await("amid", somebody_waits)
            made.end()
            self.replied = True
            self._await("behind", somebody_waits)

    def _await(self, now, somebody_waits):
        if now == somebody_waits:
            until(lambda: self.waits)
            pause(MOMENT_S)

    def wait(self):
        self.waits = True
        with self.lock:
            pass

    def call_late(self, token):
        """A worker that has its result when the other one has its reply."""
        until(lambda: self.replied)
        call(token)

    def both(self, first, second):
        """A worker that has two calls under way, hands the first result over, and calls once more."""
        made = Call(first), Call(second)
        until(lambda: self.waits)
        pause(MOMENT_S)
        for one in made:
            one.end()
        self.first.set()
        call("background-both")
        self.second.set()


stages = {way: Stage() for way in ("refresh", "after", "two", "timed", "later", "both", "serving")}


def refresh():
    """Began when the program did and looks by the clock whether there is something to do: nobody's."""
    stage = stages["refresh"]
    until(lambda: stage.first.is_set())
    stage.hold("background-refresh", "before")


def consume():
    while True:
        token, done = jobs.get()
        call(token)
        done.set()


def through_queue(token):
    done = threading.Event()
    jobs.put((token, done))
    done.wait()


def gives(way, token):
    stage = stages[way]
    if way in ("after", "later"):
        pool.submit(stage.hold, token, "behind" if way == "after" else "amid")
        until(lambda: stage.called)
    elif way == "two":
        pool.submit(stage.hold, token, "before").result()
    elif way == "timed":
        pool.submit(stage.hold, token, "before").result(timeout=60)
    elif way == "both":
        pool.submit(stage.both, "both-waits", token)
        stage.second.wait()
    else:
        stage.hold(token, "before")


def waits(way, token):
    stage = stages[way]
    if way == "both":
        stage.waits = True
        stage.first.wait()
        return
    if way == "after":
        pool.submit(stage.call_late, token).result()
    if way == "refresh":
        stage.first.set()
    until(lambda: stage.called if way == "later" else stage.held)
    stage.wait()


def in_turn(token):
    for _ in range(CALLS):
        pool.submit(call, token).result()


def at_once(token):
    for each in [pool.submit(call, token) for _ in range(CALLS)]:
        each.result()


WAYS = {
    "pool": in_turn,
    "futures": at_once,
    "queue": through_queue,
    "forget": lambda token: pool.submit(call, token),
    "patient": lambda token: pool.submit(call, token).result(timeout=60),
    "replace": lambda _: os.execvp("sleep", ["sleep", "600"]),
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        _, way, token = self.path.split("/")
        name, _, role = way.partition("-")
        if role:
            (gives if role == "gives" else waits)(name, token)
        else:
            WAYS[way](token)
        body = f"{token}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


for work in (refresh, consume):
    threading.Thread(target=work, daemon=True).start()
Server(("127.0.0.1", PORT), Handler).serve_forever()
