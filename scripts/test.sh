#!/usr/bin/env bash
# Everything that has to hold before a change goes in. Debian 12; root, to install packages and to trace.
#
#   1  packages (scripts/setup.sh) and the arrows between folders (scripts/check-includes.py)
#   2  preset asan: unit tests and fuzz corpora under AddressSanitizer and UndefinedBehaviorSanitizer
#   3  preset fuzz: every fuzz target for 12 seconds
#   4  preset dev: all tests, end to end last; these need BPF
#
# Where the kernel refuses BPF, the tests that need it are skipped by name. REQUIRE_BPF=1, the default with CI=true, makes that a
# failure. Exit status 1 if anything failed; the last lines are ctest's own summary.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib-step.sh
# Two clones of the same commit share what ccache has compiled.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=true
[[ ${CI:-} == true ]] && export REQUIRE_BPF=${REQUIRE_BPF:-1}
failed=()

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  step "Configuring $preset" "build/log/$preset-configure" cmake --preset "$preset" &&
    step "Building $preset (minutes at first)" "build/log/$preset-build" \
      cmake --build --preset "$preset" ${1:+--target "$@"}
}

# run WHAT PRESET CTEST-ARGUMENT...
run() {
  local what=$1 preset=$2
  shift 2
  echo "== $what"
  ctest --test-dir "build/$preset" --output-on-failure --no-tests=error -j "$(nproc)" "$@" </dev/null || failed+=("$what")
}

step "Installing packages" build/log/setup scripts/setup.sh || exit 1
scripts/check-includes.py || failed+=("include check")

if build asan clew_unit_tests clew_fuzz_tests; then
  run "unit tests and fuzz corpora, ASan and UBSan" asan -L '^(unit|fuzz)$' -LE '^bpf$'
else
  failed+=("building asan")
fi
if build fuzz clew_fuzz_tests; then
  run "fuzzing" fuzz -L '^fuzz$'
else
  failed+=("building fuzz")
fi

missing=$(/usr/bin/python3 -c 'from tests.support import environment; print(environment.missing_for_tracing() or "")')
if [[ -n $missing ]]; then
  echo "This machine cannot trace: $missing. Tests that need it are named as skipped below${REQUIRE_BPF:+, and fail}."
fi
if build dev; then
  ((${#failed[@]} == 0)) || printf 'FAILED so far: %s\n' "${failed[@]}"
  run "all tests" dev
else
  failed+=("building dev")
fi
((${#failed[@]} == 0)) || {
  printf 'FAILED: %s\n' "${failed[@]}"
  exit 1
}
