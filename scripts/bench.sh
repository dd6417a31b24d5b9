#!/usr/bin/env bash
# Runs one benchmark on an optimized build. Its last line of standard output is a JSON object.
#
# usage: scripts/bench.sh [NAME [ARGUMENT...]]     without a name: lists them. Arguments go to the benchmark.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib-step.sh

list() {
  cat <<'TEXT'
ingest    spans per second that the collector takes with durable acknowledgement, CPU, latency, bytes on disk, spans lost
store     spans per second that the store alone takes and seals, CPU, bytes on disk for realistic and random spans, memory
durability  kill -9 of the collector under load, again and again: acknowledged spans that are lost or there twice
hugetrace a trace of a million spans, stored and streamed out again: spans per second, memory of the collector and of tracectl
query     how long the store takes to answer over 10 million spans, at rest and while 20,000 a second are written, memory
harm      what injection does to unmodified clients and proxies: failed requests, changed bodies, latency (root, BPF)
links     which calls get the right parent, which a wrong one, by runtime, shape and concurrency (root, BPF)
overhead  throughput and latency of saturated services, agent off and on in pairs; the agent's CPU and memory (root, BPF)
TEXT
}

name=${1:-}
case $name in
  "")
    list
    exit 0
    ;;
  ingest) targets=(clew-bench-ingest) command=(build/release/bin/clew-bench-ingest) ;;
  store) targets=(clew-bench-store) command=(build/release/bin/clew-bench-store) ;;
  durability) targets=(clew-bench-durability) command=(build/release/bin/clew-bench-durability) ;;
  hugetrace) targets=(clew-bench-huge-trace) command=(build/release/bin/clew-bench-huge-trace) ;;
  query) targets=(clew-bench-query) command=(build/release/bin/clew-bench-query) ;;
  harm) targets=(clew-agent clew-bench-otlp-sink) command=(/usr/bin/python3 tests/bench/harm.py) ;;
  links) targets=(clew-agent clew-collector tracectl) command=(/usr/bin/python3 tests/causality/links.py) ;;
  overhead)
    targets=(clew-agent clew-bench-otlp-sink clew-bench-neighbour)
    command=(/usr/bin/python3 tests/bench/overhead.py)
    ;;
  -h | --help)
    sed -n '2,4s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    list
    exit 0
    ;;
  *)
    echo "bench: no benchmark is called '$name'; there are:" >&2
    list >&2
    exit 2
    ;;
esac
shift

{
  step "Installing packages" build/log/setup scripts/setup.sh
  step "Configuring release" build/log/release-configure cmake --preset release -D CLEW_BUILD_TESTS=ON
  step "Building release (minutes at first)" build/log/release-build \
    cmake --build --preset release --target "${targets[@]}"
} >&2
export CLEW_BIN_DIR=$PWD/build/release/bin
exec "${command[@]}" "$@" </dev/null
