"""Folders of our own in the cgroup2 hierarchy."""

import os
import pathlib
import time


def find_mount():
    """Where cgroup2 is mounted: hybrid systems keep it below /sys/fs/cgroup, so only the type tells. None: nowhere."""
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, *_ = line.split(" ")
        if kind == "cgroup2":
            return pathlib.Path(where.encode().decode("unicode_escape"))
    return None


def populated(path):
    """Whether a process lives in `path` or below it."""
    return "populated 1" in (path / "cgroup.events").read_text()


def empty(path, patience=10):
    """Kills everything in `path` and below it, and waits at most `patience` seconds for it to go."""
    deadline = time.monotonic() + patience
    (path / "cgroup.kill").write_text("1")
    while populated(path) and time.monotonic() < deadline:
        time.sleep(0.01)


def remove(path, patience=10):
    """Empties `path` and removes the folders. Raises OSError when something stays."""
    if not path.is_dir():
        return
    empty(path, patience)
    for folder, _, _ in os.walk(path, topdown=False):
        os.rmdir(folder)
