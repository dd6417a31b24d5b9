"""scripts/demo.sh does what the README promises: one command, one trace on the screen, nothing left behind."""

import os
import signal
import subprocess
import time
import unittest

from tests.support import cgroup, environment

DEMO = environment.ROOT / "scripts" / "demo.sh"
BIN = os.environ.get("CLEW_BIN_DIR")
MISSING = environment.missing_for_tracing()
live = unittest.skipIf(MISSING, MISSING)  # the replay needs no kernel


def own_cgroups():
    mount = cgroup.find_mount()
    return {path.name for path in mount.glob("clew-*")} if mount else set()


class Demo(unittest.TestCase):
    def command(self, *arguments):
        return [DEMO, "--bin", BIN or os.path.dirname(environment.binary("clew-agent")), *arguments]

    @live
    def test_shows_one_complete_trace_and_a_search(self):
        before = own_cgroups()
        done = subprocess.run(self.command(), capture_output=True, text=True, timeout=240, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for what in ("curl", "gateway", "orders", "inventory", "pricing", "TRACE"):
            self.assertIn(what, done.stdout)
        self.assertEqual(own_cgroups(), before)

    def test_replays_a_recording_where_the_kernel_refuses(self):
        """Forced here; what is replayed must be marked as such."""
        done = subprocess.run(
            self.command("--replay"), capture_output=True, text=True, timeout=240, check=False
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("replay", done.stdout.lower())
        self.assertIn("TRACE", done.stdout)

    @live
    def test_keep_runs_until_interrupted(self):
        before = own_cgroups()
        with subprocess.Popen(
            self.command("--keep"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as kept:
            lines = []
            for line in kept.stdout:
                lines.append(line)
                if "Ctrl-C" in line:
                    break
            self.assertIn("Ctrl-C", "".join(lines[-1:]), "".join(lines))
            time.sleep(1)
            self.assertIsNone(kept.poll())
            kept.send_signal(signal.SIGINT)
            rest, _ = kept.communicate(timeout=60)
        self.assertEqual(kept.returncode, 0, "".join(lines) + rest)
        self.assertEqual(own_cgroups(), before)


if __name__ == "__main__":
    if MISSING and os.environ.get("REQUIRE_BPF") == "1":
        environment.skip(MISSING)
    unittest.main(verbosity=2)
