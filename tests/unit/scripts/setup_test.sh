#!/usr/bin/env bash
# scripts/setup.sh, as far as it can be asked without installing anything.
set -euo pipefail
setup=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# Nothing is missing: success without network, quickly. A runtime that is on the PATH needs no package.
printf '# comment\n\nbase-files\nno-such-package-x ?bash\n' >"$work/present"
SECONDS=0
out=$(CLEW_PACKAGES=$work/present "$setup") || fail "does not succeed when all is there"
[[ $out == *"everything is installed"* ]] || fail "does not say that all is there: $out"
((SECONDS < 3)) || fail "takes ${SECONDS}s with nothing to do"

# Something is missing and we are not root: it is named, nothing is tried.
printf 'base-files\nno-such-package-x\nno-such-package-y ?no-such-command-y\n' >"$work/absent"
if ((EUID == 0)); then as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups); else as_user=(); fi
chmod -R a+rX "$work"
cp "$setup" "$work/setup.sh" # the repository may be where that user cannot read
if out=$(CLEW_PACKAGES=$work/absent TMPDIR=/tmp "${as_user[@]}" bash "$work/setup.sh" 2>&1); then fail "succeeds though packages are missing"; fi
[[ $out == *"no-such-package-x no-such-package-y"* ]] || fail "does not name what is missing: $out"
[[ $out != *base-files* ]] || fail "names a package that is there: $out"
