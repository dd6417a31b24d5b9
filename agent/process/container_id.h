// The container that a cgroup belongs to.
#pragma once

#include <string>
#include <string_view>

namespace clew::process {

// The container id in a cgroup path, 64 lower-case hex digits; empty when no component names a
// container. Knows the names that Docker, containerd, CRI-O, Podman and the kubelet give, with
// systemd ("docker-<id>.scope", "cri-containerd-<id>.scope", "crio-<id>.scope",
// "libpod-<id>.scope") and without ("/docker/<id>", "/kubepods/burstable/pod<uid>/<id>"). The
// innermost wins.
std::string ContainerIdOfCgroup(std::string_view cgroup);

}  // namespace clew::process
