#include "agent/runtime/nginx.h"

#include <array>

#include "agent/runtime/named_probes.h"

namespace clew::runtime {

Plan PlanNginx(const process::ReadAt& executable) {
  static constexpr std::array kProbes = {NamedProbe{"ngx_event_connect_peer", "nginx_peer"}};
  return PlanByName(executable, Kind::kNginx, kProbes);
}

}  // namespace clew::runtime
