#!/usr/bin/env bash
# One request through four unmodified services becomes one trace: sets up, builds, runs, shows, stops. Debian 12, root.
#
# usage: scripts/demo.sh [--keep] [--replay] [--bin DIR]
#   --keep     leave everything running until Ctrl-C, and say what to type
#   --replay   replay a recording of the demo even where the kernel would allow tracing
#   --bin DIR  use the programs there: no setting up, no building
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib-step.sh

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

if [[ -z $bin ]]; then
  if ((EUID != 0)); then
    echo "demo: needs root, to install packages and to trace: sudo scripts/demo.sh" >&2
    exit 1
  fi
  step "Setting up" build/log/setup scripts/setup.sh
  step "Configuring" build/log/release-configure cmake --preset release
  step "Building (minutes at first)" build/log/release-build \
    cmake --build --preset release --target clew-agent clew-collector tracectl
  bin=$PWD/build/release/bin
fi

CLEW_BIN_DIR=$(realpath "$bin") exec /usr/bin/python3 examples/demo.py "${arguments[@]}"
