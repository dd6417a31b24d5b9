#!/usr/bin/env bash
# Installs what Clew needs to build, test and run its demo: the packages of scripts/packages.txt. Debian 12, root.
#
# A second run finds everything in dpkg's own records and touches neither network nor disk. Servers that come along
# (nginx, haproxy) are files for the tests only: they are neither started nor enabled.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
list=${CLEW_PACKAGES:-$here/packages.txt}
work=$(mktemp -d)
policy=/usr/sbin/policy-rc.d
policy_replaced=

cleanup() {
  if [[ -n $policy_replaced ]]; then
    rm -f "$policy"
    if [[ -e $work/policy-rc.d || -L $work/policy-rc.d ]]; then mv "$work/policy-rc.d" "$policy"; fi
  fi
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

die() {
  printf 'setup: %s\n' "$@" >&2
  exit 1
}

# The packages that are needed and not fully installed, one a line.
missing_packages() {
  local package condition
  local -a wanted=()
  while read -r package condition _; do
    [[ -z $package || $package == \#* ]] && continue
    if [[ $condition == \?* ]] && command -v "${condition#?}" >/dev/null; then continue; fi
    wanted+=("$package")
  done <"$list"
  # One dpkg-query for all; a package it has never heard of is only a message on stderr.
  { dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null || true; } |
    sed -n 's/^installed //p' | sort -u >"$work/installed"
  printf '%s\n' "${wanted[@]}" | sort -u | comm -23 - "$work/installed"
}

# Units that start at boot, as links in the .wants folders.
enabled_units() {
  find /etc/systemd/system -path '*.wants/*' \( -name '*.service' -o -name '*.socket' \) \
    -printf '%f\n' 2>/dev/null | sort -u
}

# While this answers 101, maintainer scripts start no service. One that was there is put back at the end.
forbid_service_starts() {
  if [[ -e $policy || -L $policy ]]; then mv "$policy" "$work/policy-rc.d"; fi
  policy_replaced=yes
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}

# What the packages enabled for the next boot and was not enabled before.
disable_new_units() {
  local unit
  enabled_units | comm -13 "$work/enabled" - | while read -r unit; do
    echo "setup: $unit came with a package and stays disabled"
    if command -v systemctl >/dev/null; then
      systemctl disable --quiet "$unit" >/dev/null 2>&1 || echo "setup: could not disable $unit" >&2
    else
      find /etc/systemd/system -path "*.wants/$unit" -type l -delete
      update-rc.d "${unit%.*}" disable >/dev/null 2>&1 || true  # only those with an init script have links there
    fi
  done
}

apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 \
    -o Acquire::Retries=3 "$@" </dev/null
}

install_packages() {
  local -a packages=("$@") failed=()
  local package
  apt install --no-install-recommends "${packages[@]}" >"$work/log" 2>&1 && return 0
  # apt refuses all for the sake of one: go one by one, to install the others and to name that one.
  for package in "${packages[@]}"; do
    if ! apt install --no-install-recommends "$package" >"$work/log" 2>&1; then
      failed+=("$package: $(grep -m1 '^E:' "$work/log" || tail -n 1 "$work/log")")
    fi
  done
  ((${#failed[@]} == 0)) || die "could not be installed:" "${failed[@]/#/  }"
}

command -v dpkg-query >/dev/null || die "this is not Debian: dpkg-query is missing; see $list for what is needed"
mapfile -t missing < <(missing_packages)
if ((${#missing[@]} == 0)); then
  echo "setup: everything is installed"
  exit 0
fi
((EUID == 0)) || die "${#missing[@]} packages are missing; run as root: sudo $0" "missing: ${missing[*]}"
. /etc/os-release
[[ ${ID:-} == debian && ${VERSION_ID:-} == 12 ]] ||
  echo "setup: made for Debian 12, this is ${PRETTY_NAME:-unknown}: trying all the same" >&2

echo "setup: installing ${#missing[@]} packages: ${missing[*]}"
apt update >"$work/log" 2>&1 || { tail -n 5 "$work/log" >&2; die "apt-get update failed: is there a network?"; }
enabled_units >"$work/enabled"
forbid_service_starts
install_packages "${missing[@]}"
disable_new_units
mapfile -t missing < <(missing_packages)
((${#missing[@]} == 0)) || die "still missing after the installation: ${missing[*]}"
echo "setup: done"
