"""The traced services survive whatever the agent does or suffers, while requests flow.

Four kinds of load run meanwhile: the shop with small answers, the shop with bodies that are checked by hash, threads
blocked in recv() without a timeout, and saturated event loops (nginx before Node). No request may fail or hang.
"""

import signal
import time

from tests.support import bpf, e2e, environment, proxies, wrk
from tests.support.echo import Echo
from tests.support.sandbox import CLEW, TRACED, listening, wait_until
from tests.support.shop import SOURCES, Shop
from tests.support.stack import Agent, Collector

SERVICES = environment.ROOT / "tests" / "e2e" / "services"
# An idle agent with its tables; what 10,000 connections may add is in their test.
RSS_LIMIT_MB = 96


class Survival(e2e.EndToEndTest):
    def start_node(self, work_ms):
        port = self.sandbox.free_port()
        node = self.sandbox.spawn(
            f"node-{work_ms}ms",
            [environment.need_tool("node"), SOURCES / "pricing.js"],
            variables={"PORT": port, "WORK_MS": work_ms},
        )
        wait_until(lambda: listening(port), "Node", process=node)
        return port

    def start_services(self):
        self.shop = Shop(self.sandbox).start()
        self.collector = Collector(self.sandbox).start()
        self.agent = Agent(self.sandbox, self.collector.port, capture=e2e.CAPTURE)
        self.slow_port = self.start_node(work_ms=400)
        self.loop_port, _ = proxies.nginx_proxy(self.sandbox, self.start_node(work_ms=0))

    def under_load(self, seconds, action):
        """Runs `action` in the middle of the load, which lasts `seconds`, then checks every request of it."""
        loads = [
            self.start_load(self.shop.url(), clients=4, seconds=seconds, pause=0.01),
            self.start_load(self.shop.url(), clients=2, seconds=seconds, pause=0.01, body_bytes=60_000),
            self.start_load(self.shop.url("orders"), path="/orders/", clients=4, seconds=seconds, pause=0.01),
            self.start_load(
                f"http://127.0.0.1:{self.slow_port}", path="/price/", clients=30, seconds=seconds, blocking=True
            ),
        ]
        busy = self.sandbox.spawn(
            "wrk", wrk.command(f"http://127.0.0.1:{self.loop_port}/price/1", seconds, 32), group=TRACED
        )
        time.sleep(1)
        begin = time.monotonic()
        action()
        self.assertLess(time.monotonic() - begin, seconds - 2, "the load was to outlast the action")
        for load in loads:
            self.end_load(load, timeout=seconds + 30)
        self.assertEqual(busy.popen.wait(seconds + 30), 0, busy.tail())
        result = wrk.parse(busy.log.read_text())
        self.assertEqual(result.failed, 0, result)
        self.assertGreater(result.requests, 100)

    def check_tracing(self, prefix):
        """Demands that requests from now on are traced perfectly, and that the agent has stayed small.

        Not the first one on a connection that was open before the agent: when that may be in the middle of an
        exchange, it is left alone until it has been seen between two.
        """
        self.load(self.shop.url(), clients=8, requests=20, prefix="settle")
        # What the saturated loops gave may still fill the queue, where new spans are dropped, and counted.
        wait_until(lambda: self.agent.metrics().total("clew_agent_spans_pending") < 1000, "the queue to empty", 60)
        begin = str(int(time.time()))
        self.load(self.shop.url(), clients=2, requests=5, prefix=prefix)
        tokens = [f"{prefix}-{number}-{count}" for number in range(2) for count in range(5)]
        self.check_tokens(self.collector, tokens, client="client", search=("--from", begin))
        self.assertLess(self.agent.peak_rss_mb(), RSS_LIMIT_MB)

    def restart_repeatedly(self, number):
        for _ in range(3):
            self.agent.start()
            time.sleep(1.5)
            self.agent.stop(number)

    def test_start_and_stop(self):
        self.start_services()
        self.under_load(40, lambda: self.restart_repeatedly(signal.SIGTERM))
        self.agent.start()
        self.check_tracing("after")

    def test_kill(self):
        self.start_services()
        self.under_load(40, lambda: self.restart_repeatedly(signal.SIGKILL))
        self.agent.start()
        self.check_tracing("after")

    def test_collector_gone_and_back(self):
        self.start_services()
        self.agent.start()

        def gone_and_back():
            self.collector.stop(signal.SIGKILL)
            time.sleep(5)
            self.collector.start()

        self.under_load(15, gone_and_back)
        self.check_tracing("after")

    def test_ring_buffer_full(self):
        self.start_services()
        self.agent.start()

        def full():
            self.agent.process.popen.send_signal(signal.SIGSTOP)
            time.sleep(6)
            self.agent.process.popen.send_signal(signal.SIGCONT)

        self.under_load(15, full)
        lost = self.agent.metrics().total("clew_agent_kernel_drops_total", reason="ring_full")
        self.assertGreater(lost, 0, "the ring buffer was to overflow, and to be counted")
        self.check_tracing("after")

    def test_ten_thousand_connections(self):
        self.collector = Collector(self.sandbox).start()
        self.agent = Agent(self.sandbox, self.collector.port, capture=e2e.CAPTURE).start()
        port, _ = proxies.nginx_static(self.sandbox, 2048)
        many = self.sandbox.spawn(
            "many-connections",
            [environment.PYTHON, SERVICES / "many_connections.py", f"http://127.0.0.1:{port}/file", 10_000, 3],
        )
        report = self.end_load(many, timeout=200, slowest=30)
        self.assertEqual(report["requests"], 30_000)
        self.assertTrue(self.agent.process.running())
        self.assertLess(self.agent.peak_rss_mb(), RSS_LIMIT_MB + 64)

    def test_agent_that_fails_to_start(self):
        """Its metrics port is taken: it must say so, end, and leave nothing attached behind it."""
        echo = Echo(self.sandbox, group=TRACED).start()
        agent = Agent(self.sandbox, 1, capture=e2e.CAPTURE, metrics_port=echo.port)
        process = self.sandbox.spawn("agent", agent.command, group=CLEW)
        self.assertNotEqual(process.popen.wait(20), 0, process.tail())
        self.assertEqual(bpf.attached_to(self.sandbox.group(TRACED)), [])
        self.load(echo.url, path="/", clients=4, requests=50, body_bytes=50_000)


if __name__ == "__main__":
    e2e.main()
