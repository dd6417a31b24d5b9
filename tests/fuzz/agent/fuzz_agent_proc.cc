// What a process can write about itself into /proc never harms: every reader of it, over the same
// bytes.
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/process/container_id.h"
#include "agent/process/go_binary.h"
#include "agent/process/listening_ports.h"
#include "agent/process/node_package.h"
#include "agent/process/proc_fs.h"
#include "agent/process/service_name.h"
#include "base/result.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clew::process;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ParseStat(text);
  HasGoBuildInfo(text);
  ParseListeners(text, {80, 8080});
  PackageNameOfJson(text);
  const std::string id = ContainerIdOfCgroup(ParseCgroup2(text));
  CLEW_CHECK(id.empty() || id.size() == 64);

  ProcessInfo info;
  info.working_directory = "/srv/app/src";
  for (std::string_view rest = text; !rest.empty() && info.arguments.size() < kMaxArguments;) {
    info.arguments.emplace_back(rest.substr(0, rest.find('\0')));
    rest.remove_prefix(std::min(rest.size(), info.arguments.back().size() + 1));
  }
  info.otel_resource_attributes = info.arguments.empty() ? "" : info.arguments.back();
  for (const char* exe : {"/usr/bin/python3.11", "/usr/bin/java", "/usr/bin/node",
                          "/usr/bin/php8.2", "/usr/sbin/nginx"}) {
    info.exe = exe;
    const std::string name = DeriveServiceName(info);
    CLEW_CHECK(!name.empty() && name.size() <= kMaxServiceName);
  }
  return 0;
}
