#!/usr/bin/env python3
"""Refuses includes that go against the arrows of the architecture (docs/architecture.md).

    base <- everything        bpf/include <- agent        proto <- agent, collector, cli, admin
    store <- collector, admin        admin/service <- collector        cli/render <- admin

Inside the agent a stage sees the stages whose types it takes and no others; only the files beside main.cc see them all.
Some libraries stay behind the folder that wraps them. Tests may include what they test, and are not looked at.

Usage: check-includes.py [ROOT]. Exit status 1 with a line FILE:LINE: reason for each violation.
"""

import pathlib
import re
import sys

PROTO = {"opentelemetry", "query", "admin/v1"}  # generated, below the build folder's proto/gen

# Folder -> folders whose headers it may include; its own always. The longest matching key counts.
ALLOWED = {
    "base": set(),
    "bpf": set(),
    "store": {"base"},
    "collector": {"base", "store", "admin/service"} | PROTO,
    "admin": {"base", "store", "cli/render", "cli/exit_code.h"} | PROTO,
    "admin/service": {"base", "store"} | PROTO,
    "admin/remote": {"base", "store", "admin/service"} | PROTO,
    "cli": {"base"} | PROTO,
    "agent": {"base", "bpf/include", "agent"} | PROTO,  # main, config, metrics: the only ones that know the order
    "agent/kernel": {"base", "bpf/include", "agent/process", "agent/runtime", "agent/selftest"},
    "agent/runtime": {"base", "agent/process"},
    "agent/conn": {"base", "bpf/include", "agent/kernel", "agent/protocols"},
    "agent/context": {"base", "bpf/include"},
    "agent/protocols": {"base", "bpf/include", "agent/conn", "agent/context"},
    "agent/process": {"base", "bpf/include", "agent/conn", "agent/span"},
    "agent/span": {"base", "bpf/include", "agent/conn", "agent/context", "agent/protocols", "agent/process"},
    "agent/export": {"base", "agent/span"} | PROTO,
    "agent/selftest": {"base", "bpf/include"},
}

# Header of a library -> the only folders that see it.
WRAPPED = {
    "rocksdb/": ("store",),
    "bpf/libbpf": ("agent/kernel", "agent/selftest"),
    "bpf/bpf.h": ("agent/kernel", "agent/selftest"),
    "bpf/btf.h": ("agent/kernel", "agent/selftest"),
    "linux/bpf.h": ("agent/kernel", "agent/selftest", "bpf"),
    "bpf/bpf_": ("bpf",),
}
# Dear to compile: one file for each program.
ONCE = "CLI/"

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
SUFFIXES = {".h", ".hpp", ".c", ".cc", ".cpp"}


def inside(path, folder):
    return path == folder or path.startswith(folder + "/")


def rule_for(file):
    """The most special rule for a file, as (folder, allowed)."""
    folder = max((f for f in ALLOWED if inside(file, f)), key=len)
    # A file right in agent/ is the agent's own; one in a stage without a rule would see everything by that: name it.
    if folder == "agent" and file.count("/") > 1:
        return None
    return folder, ALLOWED[folder]


def check_project_include(file, header):
    """A reason why `file` may not include the project's `header`, or None."""
    if "/" not in header:
        if header.endswith(".skel.h"):  # generated from our BPF objects
            return None if inside(file, "agent/kernel") else "BPF skeletons belong to agent/kernel"
        return None if inside(file, "bpf") else "name a header by its path from the root of the repository"
    if ".." in header.split("/"):
        return "name a header by its path from the root of the repository"
    rule = rule_for(file)
    if rule is None:
        return "this stage has no rule in scripts/check-includes.py"
    folder, allowed = rule
    if inside(file, "bpf"):  # compiled with bpf/ as its root: its own headers are lib/..., include/...
        targets = {target for target in ALLOWED if target != "bpf"} | PROTO
        return f"{folder} must not include {header}" if any(inside(header, t) for t in targets) else None
    if inside(header, folder) or any(inside(header, target) for target in allowed):
        return None
    return f"{folder} must not include {header}"


def check_library_include(file, header):
    """A reason why `file` may not include the library header, or None."""
    for prefix, folders in WRAPPED.items():
        if header.startswith(prefix) and not any(inside(file, folder) for folder in folders):
            return f"<{header}> is for {' and '.join(folders)} only"
    return None


def check(root):
    violations = []
    first_use = {}
    for top in sorted({folder.split("/")[0] for folder in ALLOWED}):
        for path in sorted((root / top).rglob("*")):
            if path.suffix not in SUFFIXES or not path.is_file():
                continue
            file = path.relative_to(root).as_posix()
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                found = INCLUDE.match(line)
                if not found:
                    continue
                quote, header = found.groups()
                check_one = check_project_include if quote == '"' else check_library_include
                reason = check_one(file, header)
                if quote == "<" and header.startswith(ONCE):
                    owner = first_use.setdefault(top, file)
                    if owner != file:
                        reason = f"<{header}> is included by {owner} already: once per program"
                if reason:
                    violations.append(f"{file}:{number}: {reason}")
    return violations


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    violations = check(root)
    print("\n".join(violations) if violations else "includes follow the arrows")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
