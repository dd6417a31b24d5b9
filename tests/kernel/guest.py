"""Runs inside the virtual machine of scripts/kernel-test.sh: traces two services and says what this kernel can.

Prints the agent's log, then a line per claim, "ok NAME" or "FAILED NAME: why". The last line is "kernel-test: passed" or
"kernel-test: failed".
"""

import http.server
import json
import os
import subprocess
import sys
import time
import urllib.request

FRONT, BACK = 8101, 8102
CGROUPS = "/sys/fs/cgroup"
AGENT_LOG = "/tmp/agent.log"
REQUESTS = 20


def serve(port, next_port):
    """A service that answers with the trace headers that it got, of its own request and of the one behind it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            answer = {"traceparent": self.headers.get("traceparent", "")}
            if next_port:
                with urllib.request.urlopen(f"http://127.0.0.1:{next_port}/behind") as response:
                    answer["behind"] = json.load(response)
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


def wait_until(what, seconds=120):
    """Emulation is slow and varies: the limit only ends a wait that is in vain. Returns the last value of what()."""
    deadline = time.monotonic() + seconds
    while not (value := what()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return value


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return response.read().decode()
    except OSError:
        return ""


def start(command, cgroup=None, log=None):
    def enter():
        with open(f"{cgroup}/cgroup.procs", "w", encoding="ascii") as procs:
            procs.write("0")

    out = open(log, "wb") if log else None
    return subprocess.Popen(command, preexec_fn=enter if cgroup else None, stdout=out, stderr=out)


def tracectl(*arguments):
    done = subprocess.run(["/clew/tracectl", "--timeout", "60s", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr, flush=True)
    return done.stdout


def read_log():
    with open(AGENT_LOG, encoding="utf-8", errors="replace") as log:
        return log.read()


def metric(name):
    """A value of the agent's, by its name with labels; None: it does not say."""
    for line in get("http://127.0.0.1:9464/metrics").splitlines():
        if line.startswith(name + " "):
            return float(line.split()[-1])
    return None


def ask_front(number):
    """The headers that the two services got for one request."""
    return json.loads(get(f"http://127.0.0.1:{FRONT}/work/{number}") or "{}")


def traces_of_both():
    """How many of the stored traces hold the three spans of a request: front as server and client, back as server."""
    listed = [json.loads(line) for line in tracectl("traces", "-o", "jsonl", "--service", "front", "--limit", "100").splitlines()]
    return sum(trace.get("span_count") == 3 and {"front", "back"} <= set(trace.get("services", [])) for trace in listed)


def run(agent_flags):
    """Starts everything; yields (claim, whether it holds, what was seen instead)."""
    os.makedirs("/tmp/data")
    for service in ("front", "back"):
        os.makedirs(f"{CGROUPS}/{service}")
    start(["/clew/clew-collector", "--data-dir", "/tmp/data"], log="/tmp/collector.log")
    yield "the collector starts", wait_until(lambda: get("http://127.0.0.1:9465/healthz")), ""
    selectors = [f"--cgroup={CGROUPS}/{service}={service}" for service in ("front", "back")]
    agent = start(["/clew/clew-agent", *selectors, *agent_flags], log=AGENT_LOG)
    ready = wait_until(lambda: " ready " in read_log() or agent.poll() is not None) and agent.poll() is None
    print(read_log(), flush=True)
    yield "the agent starts", ready, "see its log"
    yield "headers are injected", metric("clew_agent_injecting") == 1, "see the agent's log"
    yield "the TCP option is used", metric("clew_agent_tcp_option") == 1, "see the agent's log"
    start(["/usr/bin/python3", sys.argv[0], "serve", str(BACK), "0"], cgroup=f"{CGROUPS}/back")
    start(["/usr/bin/python3", sys.argv[0], "serve", str(FRONT), str(BACK)], cgroup=f"{CGROUPS}/front")
    wait_until(lambda: get(f"http://127.0.0.1:{BACK}/ready") and get(f"http://127.0.0.1:{FRONT}/ready"))
    answers = [ask_front(i) for i in range(REQUESTS)]
    whole = sum("behind" in answer for answer in answers)
    yield "every request is answered", whole == REQUESTS, f"{whole} of {REQUESTS}"
    injected = sum(bool(answer.get("behind", {}).get("traceparent")) for answer in answers)
    yield "every request between them has a traceparent", injected == REQUESTS, f"{injected} of {REQUESTS}"
    joined = wait_until(lambda: (count := traces_of_both()) >= REQUESTS and count) or traces_of_both()
    yield "a request is one trace over both services", joined >= REQUESTS, f"{joined} of {REQUESTS}"
    print(tracectl("traces", "--limit", "3"), tracectl("dependencies"), sep="\n", flush=True)


def main():
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]), int(sys.argv[3]))
        return
    failed = 0
    for claim, holds, seen in run(sys.argv[2:]):
        print(f"ok {claim}" if holds else f"FAILED {claim}: {seen}", flush=True)
        failed += not holds
    print("kernel-test:", "failed" if failed else "passed", flush=True)


if __name__ == "__main__":
    main()
