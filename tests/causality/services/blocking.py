"""What the handlers of the blocking Python services do: the ways in which a request can lead to calls.

A path is /SHAPE/CALLS/TOKEN. NEXT says what is called: NEXT/TOKEN, by a pool of connections that all threads share.
BACKGROUND=1 starts threads that call beside all requests.
"""

import concurrent.futures
import functools
import os
import queue
import random
import threading
import time
import urllib.parse

import pipeline
import urllib3

NEXT = os.environ["NEXT"]
WORKERS = 16
FEW = 4  # connections of the pool that is too small
LOCKED_S = 0.0003  # computed under the lock after each call


@functools.cache
def connections():
    return urllib3.PoolManager(maxsize=128, block=True, retries=False)


@functools.cache
def few_connections():
    return urllib3.PoolManager(maxsize=FEW, block=True, retries=False)


@functools.cache
def shared_connection():
    following = urllib.parse.urlsplit(NEXT)
    return pipeline.Pipeline(following.hostname, following.port)


# A forked process must not speak on connections that its parent uses.
os.register_at_fork(after_in_child=connections.cache_clear)


@functools.cache
def workers():
    return concurrent.futures.ThreadPoolExecutor(WORKERS)


@functools.cache
def jobs():
    waiting = queue.Queue()
    for _ in range(FEW):
        threading.Thread(target=work, args=(waiting,), daemon=True).start()
    return waiting


def work(waiting):
    while True:
        token, calls, done = waiting.get()
        try:
            sequential(token, calls)
        finally:
            done.set()


def call(token, query="", pool=None):
    """GETs NEXT/TOKEN. Returns the status."""
    return (pool or connections()).request("GET", f"{NEXT}/{token}{query}").status


def sequential(token, calls):
    for _ in range(calls):
        call(token)


def parallel(token, calls):
    threads = [threading.Thread(target=call, args=(token,)) for _ in range(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def timer(token, calls):
    for _ in range(calls):
        later = threading.Timer(random.uniform(0.001, 0.004), call, (token,))
        later.start()
        later.join()


def pool(token, calls):
    for _ in range(calls):
        workers().submit(call, token).result()


def futures(token, calls):
    concurrent.futures.wait([workers().submit(call, token) for _ in range(calls)])


def through_queue(token, calls):
    done = threading.Event()
    jobs().put((token, calls, done))
    done.wait()


def forget(token, calls):
    threading.Thread(target=sequential, args=(token, calls)).start()


def retry(token, calls):
    for _ in range(calls - 1):
        call(token, "?fail=1")
    call(token)


lock = threading.Lock()


def locked(token, calls):
    for _ in range(calls):
        call(token)
        with lock:
            end = time.perf_counter() + LOCKED_S
            while time.perf_counter() < end:
                pass


def saturated(token, calls):
    for _ in range(calls):
        call(token, pool=few_connections())


def multiplexed(token, calls):
    path = urllib.parse.urlsplit(NEXT).path
    for _ in range(calls):
        shared_connection().get(f"{path}/{token}")


def reuse(token, calls):
    for _ in range(calls):
        call(token, "?close=1")


SHAPES = {
    "seq": sequential,
    "par": parallel,
    "timer": timer,
    "pool": pool,
    "futures": futures,
    "queue": through_queue,
    "forget": forget,
    "retry": retry,
    "lock": locked,
    "saturated": saturated,
    "multiplexed": multiplexed,
    "reuse": reuse,
}


def in_the_background(name):
    number = 0
    while True:
        call(f"background-{name}-{number}")
        number += 1
        time.sleep(0.01)


@functools.cache
def start_background():
    """Starts the background callers once a process: servers that fork do so before they serve."""
    if os.environ.get("BACKGROUND") == "1":
        for number in range(2):
            threading.Thread(target=in_the_background, args=(f"{os.getpid()}-{number}",), daemon=True).start()


def handle(path):
    """Does what the path says. Returns the answer's body; raises KeyError for an unknown shape, ValueError for no path of ours."""
    _, shape, calls, token = path.split("/")
    SHAPES[shape](token, int(calls))
    return (path + "\n").encode()
