"""Compiles the small Go, Java and Rust programs of tests and demo into build/services, when they have changed."""

import os
import shutil
import subprocess

from tests.support import environment
from tests.support.sandbox import Failure

_BUILD = environment.ROOT / "build" / "services"


def go(source, flags=(), compiler=None):
    """Compiles one Go file that needs the standard library only. Returns the program's path.

    flags: of `go build`. compiler: another `go` than the one in PATH, for the Go version that it brings.
    """
    variant = "".join(flags) + (compiler or "")
    program = _BUILD / (source.stem + "".join(c if c.isalnum() else "-" for c in variant))
    _BUILD.mkdir(parents=True, exist_ok=True)
    command = [compiler or environment.need_tool("go"), "build", *flags, "-o", program, source]
    _compile(command, GOCACHE=_BUILD / "go-cache", CGO_ENABLED=0)
    return program


def java(source):
    """Compiles one Java file. Returns the class path; the class is the file's name."""
    classes = _BUILD / "java"
    compiled = classes / f"{source.stem}.class"
    if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
        _compile([environment.need_tool("javac"), "-d", classes, source])
    return classes


CRATES = "/usr/share/cargo/registry"  # where the distribution's librust packages put their sources


def rust(folder):
    """Compiles a Cargo package from the distribution's crates. Returns the program's path."""
    build = _BUILD / folder.name
    # Cargo writes its lock file beside the manifest, and locks the versions that this machine has: so beside a copy.
    shutil.copytree(folder, build, dirs_exist_ok=True)
    sources = ['source.crates-io.replace-with="distribution"', f'source.distribution.directory="{CRATES}"']
    command = [environment.need_tool("cargo"), "build", "--offline", "--release", f"--manifest-path={build}/Cargo.toml"]
    _compile(command + [part for source in sources for part in ("--config", source)], CARGO_TARGET_DIR=build / "target")
    return next(path for path in (build / "target/release").iterdir() if path.is_file() and os.access(path, os.X_OK))


def _compile(command, **variables):
    home = os.environ.get("HOME", "/root")
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        env=environment.clean_environment(HOME=home, **variables),
        check=False,
    )
    if done.returncode != 0:
        raise Failure(f"{command[0]} failed: {done.stderr}")
