#!/usr/bin/env bash
# Runs the release build under Debian's own kernel in a virtual machine (emulated: about a minute) and says what works there.
#
# usage: scripts/kernel-test.sh [AGENT-FLAG...]
# KERNEL_PACKAGE: the kernel's Debian package (default: the newest linux-image-6.1.0-*-cloud-amd64 that apt knows)
# Needs the packages qemu-system-x86, busybox-static and cpio, and apt to fetch the kernel. The machine is an initramfs with the three
# binaries and Python: it sees nothing of this host and needs no privileges.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib-step.sh

for tool in qemu-system-x86_64 busybox cpio apt-get dpkg; do
  command -v "$tool" >/dev/null || { echo "kernel-test.sh needs $tool" >&2; exit 1; }
done
package=${KERNEL_PACKAGE:-$(apt-cache pkgnames linux-image-6.1.0- | grep -E '^linux-image-6\.1\.0-[0-9]+-cloud-amd64$' | sort -V | tail -n 1)}
[ -n "$package" ] || { echo "apt knows no kernel package: set KERNEL_PACKAGE" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=build/log
kernels=$PWD/build/kernels

fetch_kernel() (
  mkdir -p "$kernels" && cd "$kernels" && apt-get download "$package" && dpkg -x "$package"_*.deb "$package"
)

build() {
  cmake --preset release && cmake --build --preset release --target clew-agent clew-collector tracectl
}

# Copies the shared libraries that the given files need.
copy_libraries() {
  local library
  for library in $(ldd "$@" | grep -o '/[^ :]*' | sort -u); do
    mkdir -p "$work/root$(dirname "$library")"
    cp -nL "$library" "$work/root$library"
  done
}

make_initramfs() {
  local root=$work/root python
  python=$(/usr/bin/python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
  mkdir -p "$root"/{bin,proc,sys,dev,tmp,clew,usr/bin} "$root$python"
  cp "$(command -v busybox)" "$root/bin/busybox"
  cp build/release/bin/{clew-agent,clew-collector,tracectl} "$root/clew/"
  cp -L /usr/bin/python3 "$root/usr/bin/python3"
  tar -C "$python" -c --exclude=test --exclude=dist-packages --exclude=__pycache__ --exclude='config-*' . | tar -C "$root$python" -x
  copy_libraries "$root"/clew/* "$root/usr/bin/python3" "$root$python"/lib-dynload/*.so
  cp tests/kernel/guest.py "$root/"
  install -m 755 tests/kernel/init "$root/init"
  echo "$*" >"$root/agent-flags"
  (cd "$root" && find . | cpio -o -H newc | gzip -1) >"$work/initramfs"
}

[ -d "$kernels/$package" ] || step "fetch $package" "$log/kernel-fetch.log" fetch_kernel
step "build" "$log/kernel-build.log" build
step "make the machine" "$log/kernel-machine.log" make_initramfs "$@"
timeout 400 qemu-system-x86_64 -m 1536 -smp 2 -cpu max -nographic -no-reboot -net none -kernel "$kernels/$package"/boot/vmlinuz-* \
  -initrd "$work/initramfs" -append "console=ttyS0 panic=-1 quiet" </dev/null | tee "$log/kernel-run.log"
grep -q '^kernel-test: passed' "$log/kernel-run.log"
