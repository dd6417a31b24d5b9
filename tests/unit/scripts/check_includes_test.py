"""scripts/check-includes.py: what it refuses, what it lets pass, and that this repository passes."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
CHECK = ROOT / "scripts" / "check-includes.py"


def run(files):
    """Exit status and output for a tree with these files."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run([sys.executable, CHECK, folder], capture_output=True, text=True)
        return done.returncode, done.stdout


class CheckIncludes(unittest.TestCase):
    def assert_refused(self, file, include):
        status, out = run({file: f"#pragma once\n#include {include}\n"})
        self.assertEqual(status, 1, f"{file} with {include}")
        self.assertIn(f"{file}:2: ", out)

    def assert_allowed(self, file, include):
        status, out = run({file: f"#pragma once\n#include {include}\n"})
        self.assertEqual(status, 0, out)

    def test_refuses_edges_against_the_arrows(self):
        self.assert_refused("base/ids.h", '"agent/span/span.h"')
        self.assert_refused("agent/span/span.h", '"store/span_store.h"')
        self.assert_refused("cli/main.cc", '"store/span_store.h"')
        self.assert_refused("cli/main.cc", '"collector/config.h"')
        self.assert_refused("collector/main.cc", '"agent/span/span.h"')
        self.assert_refused("store/keys.cc", '"collector/config.h"')
        self.assert_refused("store/keys.cc", '"query/v1/query.pb.h"')
        self.assert_refused("bpf/lib/emit.bpf.h", '"base/ids.h"')
        self.assert_refused("store/keys.cc", '"admin/service/convert.h"')
        self.assert_refused("collector/main.cc", '"admin/commands.h"')
        self.assert_refused("admin/main.cc", '"cli/options.h"')

    def test_refuses_stages_that_look_upstream_of_what_they_take(self):
        self.assert_refused("agent/conn/tracker.cc", '"agent/export/exporter.h"')
        self.assert_refused("agent/context/w3c.cc", '"agent/conn/chunk.h"')
        self.assert_refused("agent/export/encode.cc", '"agent/kernel/event_source.h"')
        self.assert_refused("agent/protocols/http1/parser.cc", '"agent/span/span.h"')

    def test_refuses_a_stage_that_no_rule_knows(self):
        self.assert_refused("agent/extra/thing.cc", '"agent/span/span.h"')

    def test_refuses_libraries_outside_of_their_wrapper(self):
        self.assert_refused("agent/main.cc", "<bpf/libbpf.h>")
        self.assert_refused("agent/conn/tracker.cc", "<linux/bpf.h>")
        self.assert_refused("collector/main.cc", "<rocksdb/db.h>")
        self.assert_refused("cli/main.cc", "<rocksdb/db.h>")

    def test_refuses_relative_paths(self):
        self.assert_refused("agent/span/span.cc", '"span.h"')
        self.assert_refused("agent/span/span.cc", '"../conn/chunk.h"')
        self.assert_refused("cli/main.cc", '"capture.skel.h"')

    def test_refuses_the_command_line_parser_twice_in_one_program(self):
        status, out = run({"cli/a.cc": "#include <CLI/CLI.hpp>\n", "cli/b.cc": "#include <CLI/CLI.hpp>\n"})
        self.assertEqual(status, 1)
        self.assertIn("cli/b.cc:1: ", out)

    def test_allows_the_arrows(self):
        self.assert_allowed("agent/main.cc", '"agent/export/exporter.h"')
        self.assert_allowed("agent/kernel/tracer.cc", "<bpf/libbpf.h>")
        self.assert_allowed("agent/kernel/tracer.cc", '"bpf/include/event.h"')
        self.assert_allowed("agent/kernel/tracer.cc", '"capture.skel.h"')
        self.assert_allowed("agent/conn/tracker.h", '"agent/protocols/session.h"')
        self.assert_allowed("collector/query/service.cc", '"query/v1/query.grpc.pb.h"')
        self.assert_allowed("collector/admin_socket.cc", '"admin/service/admin_service.h"')
        self.assert_allowed("admin/commands.cc", '"cli/exit_code.h"')
        self.assert_allowed("store/rocks_store.cc", "<rocksdb/db.h>")
        self.assert_allowed("bpf/capture.bpf.c", '"lib/emit.bpf.h"')

    def test_this_repository_passes(self):
        done = subprocess.run([sys.executable, CHECK, ROOT], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
