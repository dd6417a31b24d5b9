#include "agent/process/container_id.h"

#include "base/hex.h"

namespace clew::process {
namespace {

constexpr std::size_t kIdLength = 64;

bool IsId(std::string_view text) { return text.size() == kIdLength && IsLowerHex(text); }

// "docker-<id>.scope", "<id>.service", "<id>" -> "<id>"; conmon's own scope ("crio-conmon-<id>") is
// not the container.
std::string_view IdOfComponent(std::string_view component) {
  if (const auto dot = component.rfind('.'); dot != component.npos)
    component = component.substr(0, dot);
  if (const auto dash = component.rfind('-'); dash != component.npos) {
    if (component.find("conmon") != component.npos) return {};
    component = component.substr(dash + 1);
  }
  return IsId(component) ? component : std::string_view();
}

}  // namespace

std::string ContainerIdOfCgroup(std::string_view cgroup) {
  while (!cgroup.empty()) {
    const auto slash = cgroup.rfind('/');
    const std::string_view component = slash == cgroup.npos ? cgroup : cgroup.substr(slash + 1);
    if (const auto id = IdOfComponent(component); !id.empty()) return std::string(id);
    cgroup = slash == cgroup.npos ? std::string_view() : cgroup.substr(0, slash);
  }
  return {};
}

}  // namespace clew::process
