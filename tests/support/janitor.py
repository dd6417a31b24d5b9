"""Cleans up after a sandbox, whatever happens to it.

Runs as a process of its own and waits for the end of its standard input, which the sandbox holds open as long as it
lives: a normal end, an exception, a signal and even kill -9 all look the same from here. Then everything in the
sandbox's cgroup is killed and cgroup and folder are removed. Exit status 0 when nothing is left.

usage: python3 -m tests.support.janitor CGROUP FOLDER
"""

import pathlib
import shutil
import signal
import sys

from tests.support import cgroup


def main():
    group, folder = (pathlib.Path(argument) for argument in sys.argv[1:])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    try:
        cgroup.remove(group)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
