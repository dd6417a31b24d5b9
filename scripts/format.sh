#!/usr/bin/env bash
# Formats the C++ sources by .clang-format. With --check changes nothing, names what differs and exits 1.
# BPF C follows the kernel's style and is left alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mapfile -d '' files < <(find admin base agent store collector cli tests \( -name '*.h' -o -name '*.cc' \) -print0 | sort -z)
if [[ ${1:-} == --check ]]; then
  clang-format --dry-run --Werror "${files[@]}" 2>&1 | sed -n 's/^\([^:]*\):.*/\1/p' | sort -u | tee /dev/stderr | (! grep -q .)
else
  clang-format -i "${files[@]}"
fi
