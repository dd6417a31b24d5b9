"""Where things are, and whether this machine can run the end-to-end tests at all."""

import ctypes
import os
import pathlib
import platform
import re
import shutil
import struct
import sys

from tests.support import cgroup

ROOT = pathlib.Path(__file__).resolve().parents[2]
PYTHON = "/usr/bin/python3"  # the distribution's: its Flask, requests, httpx and aiohttp are installed for this one

SKIPPED = 77  # exit status that ctest reports as a skip

_BPF_PROG_LOAD = 5
_BPF_PROG_TYPE_RAW_TRACEPOINT = 17
_BPF_SYSCALL = {"x86_64": 321, "aarch64": 280}


def binary(name):
    """The path of a program of ours: from CLEW_BIN_DIR, else from the newest build. None when it is not built."""
    if "CLEW_BIN_DIR" in os.environ:
        candidates = [pathlib.Path(os.environ["CLEW_BIN_DIR"]) / name]
    else:
        candidates = sorted(
            ROOT.glob(f"build/*/bin/{name}"), key=lambda path: path.stat().st_mtime, reverse=True
        )
    return next((str(path) for path in candidates if os.access(path, os.X_OK)), None)


def tool(name):
    """A program of the machine: what the PATH has, else the system folders that a user's PATH leaves out."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")


def need_tool(name):
    """Like tool(), but raises FileNotFoundError when the machine does not have it."""
    path = tool(name)
    if path is None:
        raise FileNotFoundError(f"{name} is not installed: scripts/setup.sh installs it")
    return path


def pinned(cpu):
    """What to put before a command so that it stays on one core; nothing for None."""
    return [] if cpu is None else [need_tool("taskset"), "-c", str(cpu)]


def clean_environment(**more):
    """Our environment without proxies and preloads, which would change what the services do."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith(("LD_", "OTEL_", "PYTHON"))
    }
    kept["PATH"] = kept.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
    return {**kept, **{name: str(value) for name, value in more.items()}}


def _load_smallest_bpf_program():
    """Loads `r0 = 0; exit` as a raw tracepoint program; raises OSError with the kernel's answer."""
    number = _BPF_SYSCALL.get(platform.machine())
    if number is None:
        raise OSError(f"no bpf() number known for {platform.machine()}")
    libc = ctypes.CDLL(None, use_errno=True)
    program = struct.pack("<QQ", 0xB7, 0x95)  # mov64 r0, 0; exit
    code = ctypes.create_string_buffer(program, len(program))
    licence = ctypes.create_string_buffer(b"GPL")
    attributes = struct.pack(
        "<IIQQ", _BPF_PROG_TYPE_RAW_TRACEPOINT, 2, ctypes.addressof(code), ctypes.addressof(licence)
    ).ljust(120, b"\0")
    fd = libc.syscall(number, _BPF_PROG_LOAD, attributes, len(attributes))
    if fd < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    os.close(fd)


def missing_for_tracing():
    """What keeps this machine from tracing, as a sentence; None when nothing does."""
    if os.geteuid() != 0:
        return "not root"
    try:
        _load_smallest_bpf_program()
    except OSError as error:
        return f"the kernel refuses BPF: {error}"
    mount = cgroup.find_mount()
    if mount is None:
        return "no cgroup2 is mounted"
    if not os.access(mount / "cgroup.procs", os.W_OK):
        return f"cgroup2 at {mount} is not writable"
    return None


def lacks_socket_tracepoints():
    """Whether this kernel is older than 6.3, so that --capture=socket cannot be had."""
    major, minor = platform.release().split(".")[:2]
    return (int(major), int(re.match(r"\d+", minor)[0])) < (6, 3)


def skip(reason):
    """Ends the process: as a skip, or as a failure where tracing is required (REQUIRE_BPF=1, as in CI)."""
    if os.environ.get("REQUIRE_BPF") == "1":
        print(f"FAILED, required here: {reason}", file=sys.stderr)
        sys.exit(1)
    print(f"SKIPPED: {reason}")
    sys.exit(SKIPPED)
