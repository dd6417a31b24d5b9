"""What a process holds in the kernel's BPF subsystem, by bpftool and /proc."""

import json
import os
import pathlib
import subprocess

from tests.support import environment

KINDS = ("prog", "map", "link")
# Maps whose contents bpftool cannot list: nothing to compare there.
_OPAQUE = {"ringbuf", "sk_storage", "task_storage", "cgrp_storage", "prog_array", "perf_event_array"}


def _bpftool(*arguments):
    done = subprocess.run(
        [environment.need_tool("bpftool"), "-j", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(done.stdout) if done.stdout.strip() else None


def held_by(pid):
    """The ids of all BPF objects that a process has descriptors of: {"prog": {id, ...}, "map": ..., "link": ...}."""
    held = {kind: set() for kind in KINDS}
    folder = pathlib.Path(f"/proc/{pid}/fdinfo")
    for fd in os.listdir(folder):
        try:
            lines = (folder / fd).read_text().splitlines()
        except FileNotFoundError:
            continue  # closed since the listing
        values = dict(line.split(":", 1) for line in lines if ":" in line)
        for kind in KINDS:
            if f"{kind}_id" in values and (kind != "prog" or "link_id" not in values):
                held[kind].add(int(values[f"{kind}_id"]))
    return held


def existing(kind):
    """The ids of all objects of that kind in the kernel."""
    return {item["id"] for item in _bpftool(kind, "show") or []}


def attached_to(cgroup):
    """What is attached to a cgroup, as bpftool describes it; [] for nothing."""
    return _bpftool("cgroup", "show", cgroup) or []


def map_contents(pid):
    """The contents of every map of a process that can be listed: {(map's name and id, entry as canonical text)}."""
    contents = set()
    for identity in held_by(pid)["map"]:
        info = _bpftool("map", "show", "id", identity)
        if info is None or info["type"] in _OPAQUE:
            continue
        dump = _bpftool("map", "dump", "id", identity)
        contents |= {(f"{info.get('name', '')}#{identity}", json.dumps(entry, sort_keys=True)) for entry in dump or []}
    return contents
