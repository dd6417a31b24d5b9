"""When the agent is gone, however it went, nothing of it is left in the kernel."""

import os
import pathlib
import signal
import subprocess

from tests.support import bpf, e2e, environment
from tests.support.sandbox import TRACED, Failure, wait_until
from tests.support.shop import Shop

PINS = pathlib.Path("/sys/fs/bpf")


def pinned():
    return {os.path.join(folder, name) for folder, _, names in os.walk(PINS) for name in names}


class NoLeftovers(e2e.EndToEndTest):
    def gone_after(self, number):
        pins = pinned()
        shop = Shop(self.sandbox).start()
        # Its connections stay open over the agent's end: what is attached to them must go as well.
        load = self.start_load(shop.url("orders"), path="/orders/", clients=8, seconds=8)
        _, agent = self.start_clew()
        held = bpf.held_by(agent.process.pid)
        self.assertTrue(all(held.values()), f"the agent was to hold programs, maps and links: {held}")
        wait_until(
            lambda: agent.metrics().total("clew_agent_injections_total") > 0, "a request with the header"
        )
        agent.stop(number)

        def left():
            return {kind: bpf.existing(kind) & held[kind] for kind in bpf.KINDS}

        try:
            wait_until(lambda: not any(left().values()), "the kernel to free everything", seconds=10)
        except Failure:
            self.fail(f"left in the kernel: {left()}")
        self.assertEqual(bpf.attached_to(self.sandbox.group(TRACED)), [])
        self.assertEqual(pinned() - pins, set())
        self.end_load(load)

    def test_after_sigterm(self):
        self.gone_after(signal.SIGTERM)

    def test_after_kill(self):
        self.gone_after(signal.SIGKILL)

    def test_of_a_killed_test_nothing_is_left(self):
        """The harness keeps its own promise: a sandbox whose owner is killed goes with all its processes."""
        code = (
            "import time; from tests.support.sandbox import Sandbox\n"
            "sandbox = Sandbox(); sandbox.spawn('sleep', ['sleep', '1000'])\n"
            "print(sandbox.cgroup, sandbox.folder, flush=True); time.sleep(1000)"
        )
        with subprocess.Popen(
            [environment.PYTHON, "-c", code], cwd=environment.ROOT, stdout=subprocess.PIPE, text=True
        ) as owner:
            cgroup, folder = map(pathlib.Path, owner.stdout.readline().split())
            self.assertTrue(cgroup.is_dir() and folder.is_dir())
            owner.kill()
        wait_until(lambda: not cgroup.exists() and not folder.exists(), "the janitor")


if __name__ == "__main__":
    e2e.main()
