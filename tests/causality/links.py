"""Does every call get the right parent? Unmodified services of many runtimes, judged by tokens in their URLs.

A cell is a runtime, a shape (how requests lead to calls) and how many requests are sent at a time. Prints a line per
cell, what was wrong, and one JSON object. Exit status 1 when a link is wrong.

usage: links.py [--cell RUNTIME/SHAPE] [--concurrency N,N...] [--requests N] [--seeds N] [--first-seed N]
                [--capture auto|socket|syscall] [--runtime NAME] [--list]     (root)
"""

import argparse
import fnmatch
import itertools
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

# pylint: disable=wrong-import-position
from tests.causality import cell, runtimes, shapes, truth
from tests.support import environment
from tests.support.sandbox import Failure, Sandbox

JOIN_ONLY = " join"  # behind the name of a chain that is measured without headers
EXAMPLES = 3  # wrong links that are printed for a cell


def wanted(pattern):
    """The cells that the shell pattern over RUNTIME/SHAPE names: [(runtime, shape)]."""
    return [
        (runtime, shape)
        for runtime in shapes.GAPS
        for shape in shapes.of(runtime)
        if fnmatch.fnmatch(f"{runtime}/{shape.name}", pattern)
    ]


def percent(share):
    return "-" if share is None else f"{100 * share:.2f}"


HEADING = (
    f"{'runtime':17}{'shape':12}{'at once':>8}{'linkable':>9}{'linked':>8}{'wrong':>6}{'hops':>5}"
    f"{'precision':>10}{'low95':>8}{'recall':>8}{'whole':>8}{'dangling':>9}{'largest':>8}{'lost':>6}"
)


def line(runtime, shape, concurrency, score):
    return (
        f"{runtime:17}{shape:12}{concurrency:8}{score.linkable:9}{score.linked:8}{score.wrong:6}{score.wrong_hops:5}"
        f"{percent(score.precision):>10}{percent(score.precision_low95):>8}{percent(score.recall):>8}"
        f"{percent(score.whole_trace_exact):>8}{score.dangling:9}{score.largest_trace:8}{score.lost:6}"
    )


def as_json(runtime, shape, concurrency, score):
    def rounded(share):
        return None if share is None else round(share, 5)

    return {
        "runtime": runtime,
        "shape": shape,
        "concurrency": concurrency,
        "linkable": score.linkable,
        "linked": score.linked,
        "wrong": score.wrong,
        "precision": rounded(score.precision),
        "precision_low95": rounded(score.precision_low95),
        "recall": rounded(score.recall),
        "whole_trace_exact": rounded(score.whole_trace_exact),
        "wrong_hops": score.wrong_hops,
        "dangling": score.dangling,
        "lost": score.lost,
    }


def carriers(runtime):
    """How the context gets from process to process, as (inject, what the runtime is called then)."""
    ways = [("on", runtime)]
    if runtime in shapes.CHAINS:
        ways.append(("off", runtime + JOIN_ONLY))
    return ways


def measure(sandbox, runtime, shape, options):
    """The Score of one cell over all seeds."""
    total = truth.Score()
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        chosen = cell.Options(
            options.at_once, options.requests, seed, options.capture, options.inject, options.runtime
        )
        run = cell.Run(sandbox, runtime, chosen)
        scores, unasked = run.scores([shape])
        total += scores[shape.name]
        total += unasked
    return total


def summary(results, seed):
    """The JSON object. results: {(runtime, shape, concurrency): Score}."""
    chain = [
        {
            "name": runtime.removesuffix(JOIN_ONLY),
            "carrier": "join" if runtime.endswith(JOIN_ONLY) else "header",
            "shape": shape,
            "concurrency": concurrency,
            "requests": score.requests,
            "whole": round(score.whole_trace_exact, 5),
        }
        for (runtime, shape, concurrency), score in results.items()
        if runtime.removesuffix(JOIN_ONLY) in shapes.CHAINS and score.requests
    ]
    return {
        "cells": [as_json(*key, score) for key, score in results.items()],
        "chain": chain,
        "dangling_parents": sum(score.dangling for score in results.values()),
        "largest_trace": max((score.largest_trace for score in results.values()), default=0),
        "seed": seed,
    }


def numbers(text):
    return [int(part) for part in text.split(",")]


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cell", default="*", help="shell pattern over RUNTIME/SHAPE")
    parser.add_argument("--concurrency", type=numbers, default=[1, 10, 100])
    parser.add_argument("--requests", type=int, default=400, help="of a cell and seed")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--capture", default="auto", choices=("auto", "socket", "syscall"))
    parser.add_argument("--runtime", default="all", help="the agent's flag of that name")
    parser.add_argument("--list", action="store_true", help="print the shapes, the cells and the reasons for gaps")
    options = parser.parse_args()
    if min(options.requests, options.seeds, *options.concurrency) < 1:
        parser.error("--requests, --seeds and --concurrency are at least 1")
    if not wanted(options.cell):
        parser.error(f"no cell matches {options.cell}: --list names all")
    return options


def print_table():
    for shape in shapes.SHAPES.values():
        print(f"{shape.name:12}{shape.what}")
    for runtime, gaps in shapes.GAPS.items():
        print(f"\n{runtime}: {' '.join(shape.name for shape in shapes.of(runtime))}")
        for shape, reason in gaps.items():
            print(f"  no {shape}: {reason}")


def main():
    options = parse()
    if options.list:
        print_table()
        return 0
    reason = environment.missing_for_tracing()
    if reason:
        environment.skip(reason)
    results, failed = {}, []
    print(HEADING, flush=True)
    with Sandbox() as sandbox:
        for runtime, shape in wanted(options.cell):
            lacks = runtimes.missing(runtime)
            if lacks:
                print(f"{runtime:17}{shape.name:12}not measured: {lacks}")
                continue
            for options.at_once, (options.inject, name) in itertools.product(options.concurrency, carriers(runtime)):
                try:
                    score = measure(sandbox, runtime, shape, options)
                except Failure as failure:
                    failed.append(f"{name}/{shape.name} at {options.at_once}")
                    print(f"{name:17}{shape.name:12}{options.at_once:8} FAILED: {failure}", flush=True)
                    continue
                results[name, shape.name, options.at_once] = score
                print(line(name, shape.name, options.at_once, score), flush=True)
                for example in score.examples[:EXAMPLES]:
                    print(f"    {example}", flush=True)
    print(json.dumps({**summary(results, options.first_seed), "failed": failed}))
    return 1 if failed or any(score.wrong or score.wrong_hops for score in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
