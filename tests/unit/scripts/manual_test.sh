#!/usr/bin/env bash
# The manual pages are well-formed, and name every flag that the programs know.
# usage: manual_test.sh MANUAL-FOLDER PROGRAM...
set -euo pipefail
manual=$1
shift
status=0
for page in "$manual"/*.[1-8]; do
  warnings=$(groff -man -ww -Tutf8 -mdoc "$page" 2>&1 >/dev/null)
  [[ -z $warnings ]] || { echo "$warnings"; status=1; }
done
for program in "$@"; do
  page=$(echo "$manual/$(basename "$program")".[1-8])
  help=$("$program" --help
    [[ $program != */tracectl ]] || for command in trace traces dependencies; do "$program" $command --help; done
    [[ $program != */clew-store ]] || for command in restore retention; do "$program" $command --help; done)
  flags=$(grep -oE -- '--[a-z][a-z-]+' <<<"$help" | sort -u)
  [[ -n $flags ]] || { echo "$program --help names no flags"; status=1; }
  for flag in $flags; do
    # In the page's source a flag is "Fl \-name".
    grep -qF -- "\\${flag#-} " <(sed 's/$/ /' "$page") || { echo "$page does not name $flag"; status=1; }
  done
done
exit $status
