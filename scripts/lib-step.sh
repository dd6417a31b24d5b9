# Sourced by scripts that build: a long step with its output in a log, so that what a reader came for stays in sight.

# step WHAT LOG COMMAND...: runs the command; on failure shows the log's end and returns 1.
step() {
  local what=$1 log=$2 begin=$SECONDS
  shift 2
  mkdir -p "$(dirname "$log")"
  printf '%s ... ' "$what"
  if "$@" >"$log" 2>&1 </dev/null; then
    printf 'done (%d s)\n' $((SECONDS - begin))
    return 0
  fi
  printf 'failed\n'
  # Ninja goes on with other files after the first error: show the errors, wherever in the log they are.
  { grep -A12 -m3 -E '^FAILED|error:|Error' "$log" || true; echo "..."; tail -n 20 "$log"; } >&2
  echo "$what failed; all of it is in $log" >&2
  return 1
}
