#!/usr/bin/env bash
# One request through four unmodified services becomes one trace: sets up, builds, runs, shows, stops. Debian 12, root.
#
# usage: scripts/demo.sh [--keep] [--replay] [--bin DIR]
#   --keep     leave everything running until Ctrl-C, and say what to type
#   --replay   replay a recording of the demo even where the kernel would allow tracing
#   --bin DIR  use the programs there: no setting up, no building
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() { sed -n '4,7s/^# //p' scripts/demo.sh; }

bin=
arguments=()
while (($# > 0)); do
  case $1 in
    --keep | --replay) arguments+=("$1") ;;
    --bin)
      bin=${2:?--bin needs a folder}
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      echo "demo: unknown argument: $1" >&2
      usage >&2
      exit 2
      ;;
  esac
  shift
done

# Runs a step with its output in a log; shows the log's end when the step fails.
step() {
  local what=$1 log=$2
  shift 2
  printf '%s ... ' "$what"
  local begin=$SECONDS
  if ! "$@" >"$log" 2>&1; then
    printf 'failed\n' >&2
    tail -n 40 "$log" >&2
    echo "demo: $what failed; all of it is in $log" >&2
    exit 1
  fi
  printf 'done (%d s)\n' $((SECONDS - begin))
}

if [[ -z $bin ]]; then
  if ((EUID != 0)); then
    echo "demo: needs root, to install packages and to trace: sudo scripts/demo.sh" >&2
    exit 1
  fi
  mkdir -p build
  step "Setting up" build/demo-setup.log scripts/setup.sh
  step "Configuring" build/demo-configure.log cmake --preset release
  step "Building (minutes at first)" build/demo-build.log \
    cmake --build --preset release --target clew-agent clew-collector tracectl
  bin=$PWD/build/release/bin
fi

CLEW_BIN_DIR=$(realpath "$bin") exec /usr/bin/python3 examples/demo.py "${arguments[@]}"
