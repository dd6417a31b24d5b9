"""Places to run services and Clew in, gone afterwards with all that ran there: a folder, a cgroup, a network namespace."""

import ctypes
import fcntl
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

from tests.support import cgroup, environment

_CLONE_NEWNET = 0x40000000
_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1

# The three groups of a sandbox. Only the first is ever selected for tracing.
TRACED = "traced"
PLAIN = "plain"
CLEW = "clew"


class Failure(Exception):
    """Something that the test needs did not come up; the message says what, with the end of its log."""


def _enter_network_namespace():
    """Moves this process into a new network namespace with a working loopback. It ends with its last process."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"unshare: {os.strerror(error)}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH22x", b"lo", 0)
        _, flags = struct.unpack("16sH22x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request))
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", flags | _IFF_UP))


class Process:
    """A process that the sandbox started, its output in a log file."""

    def __init__(self, name, popen, log):
        self.name = name
        self.popen = popen
        self.pid = popen.pid
        self.log = log

    def running(self):
        return self.popen.poll() is None

    def tail(self, lines=25):
        text = self.log.read_text(errors="replace").splitlines()[-lines:]
        if not self.running():
            text.append(f"(ended with {self.popen.returncode})")
        return "\n".join(f"    {self.name}| {line}" for line in text)

    def cpu_seconds(self):
        """User and system time so far, as two numbers."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        ticks = os.sysconf("SC_CLK_TCK")
        return int(fields[11]) / ticks, int(fields[12]) / ticks

    def stop(self, number=signal.SIGTERM, patience=15):
        """Sends the signal and waits for the end. Returns the exit status; raises Failure when it does not end."""
        if self.running():
            self.popen.send_signal(number)
        try:
            return self.popen.wait(patience)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise Failure(f"{self.name} ignored signal {number} for {patience} s\n{self.tail()}") from None


class Place:
    """A folder of its own, and processes that end with it: for what needs no privileges. Use it by `with`."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="clew-test-"))
        self.folder.chmod(0o755)  # nginx's workers are another user
        self._ports = set()
        self._started = []
        self.reports = []  # functions that give more text for print_logs()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None and issubclass(kind, Exception):
            self.print_logs()
        self.close()

    def print_logs(self):
        """Writes the ends of all logs, and what `reports` say, to standard error."""
        for process in self._started:
            print(process.tail(), file=sys.stderr)
        for report in self.reports:
            print(report(), file=sys.stderr)

    def close(self):
        """Ends all that was started and removes the folder."""
        for process in self._started:
            process.popen.kill()
            process.popen.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def free_port(self, family=socket.AF_INET):
        """A TCP port that nobody has, and that is not handed out again: below those that connections get by themselves."""
        while True:
            port = random.randrange(10_000, 32_000)
            if port in self._ports:
                continue
            self._ports.add(port)
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                try:
                    probe.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", port))
                except OSError:  # somebody has it
                    continue
                return port

    def spawn(self, name, command, group=TRACED, variables=None, cwd=None):
        """Starts `command`, in `group` where the place has groups, its output in a log."""
        log = self.folder / f"{name}-{len(self._started)}.log"
        with log.open("wb") as output:
            popen = subprocess.Popen(
                self._enter(group) + [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment.clean_environment(**(variables or {})),
                cwd=cwd or self.folder,
            )
        process = Process(name, popen, log)
        self._started.append(process)
        return process

    def run(self, command, group=TRACED, variables=None, timeout=120):
        """Runs `command` like spawn(), to its end. Returns its standard output; raises Failure on any other end."""
        done = subprocess.run(
            self._enter(group) + [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment.clean_environment(**(variables or {})),
            cwd=self.folder,
            timeout=timeout,
            check=False,
        )
        if done.returncode != 0:
            text = (done.stdout[-2000:] + done.stderr[-2000:]).decode(errors="replace")
            raise Failure(f"{command[0]} ended with {done.returncode}: {text}")
        return done.stdout.decode()

    def _enter(self, _group):
        """What stands before a command. Here: it dies with us, even when we are killed."""
        return [environment.need_tool("setpriv"), "--pdeathsig", "KILL"]


class Sandbox(Place):
    """A place with a cgroup and a network namespace of its own. Root; enter it before the process has threads."""

    def __init__(self):
        mount = cgroup.find_mount()
        if mount is None:
            raise Failure("no cgroup2 is mounted")
        _enter_network_namespace()
        super().__init__()
        self.cgroup = mount / self.folder.name
        self._janitor = subprocess.Popen(
            [environment.PYTHON, "-m", "tests.support.janitor", self.cgroup, self.folder],
            cwd=environment.ROOT,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        for group in (TRACED, PLAIN, CLEW):
            self.group(group).mkdir(parents=True)

    def close(self):
        """Ends all that was started and removes all that was made. Raises Failure when something stays."""
        self._janitor.stdin.close()
        status = self._janitor.wait()
        for process in self._started:
            process.popen.wait()
        if status != 0:
            raise Failure(f"the sandbox {self.cgroup} could not be cleaned up")

    def group(self, name):
        """The folder of one of the groups TRACED, PLAIN, CLEW."""
        return self.cgroup / name

    def empty(self, name):
        """Kills everything that runs in a group, also what lost its parent, and reaps what was started there."""
        cgroup.empty(self.group(name))
        for process in self._started:
            process.running()

    def _enter(self, group):
        """The shell moves itself and then becomes the command, so no work of the command is missed."""
        return ["/bin/sh", "-c", 'echo 0 > "$0" && exec "$@"', str(self.group(group) / "cgroup.procs")]


def wait_until(condition, what, seconds=20, process=None):
    """Polls `condition` until it is true and returns its value; raises Failure after `seconds`, or when `process` ended."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if process is not None and not process.running():
            raise Failure(f"{process.name} ended with {process.popen.returncode}\n{process.tail()}")
        if time.monotonic() > deadline:
            log = f"\n{process.tail()}" if process else ""
            raise Failure(f"waited {seconds} s in vain for {what}{log}")
        time.sleep(0.05)


def listening(port, host="127.0.0.1"):
    """Whether someone accepts on that port. A bare connect: no request, hence no span."""
    try:
        socket.create_connection((host, port), timeout=1).close()
        return True
    except OSError:
        return False
