#include "agent/process/resource.h"

#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <climits>

#include "agent/process/command_line.h"
#include "agent/process/read_file.h"
#include "agent/process/service_name.h"
#include "base/hex.h"

namespace clew::process {
namespace {

constexpr std::size_t kMaxCommand = 256;

std::string FirstLine(const char* path) {
  auto text = ReadFile(path, 256);
  if (!text) return {};
  text->resize(std::min(text->find('\n'), text->size()));
  return *text;
}

// A UUID of version 8 (RFC 9562: custom) from what makes a process unique, so that it survives a
// restart of the agent.
std::string InstanceId(const ProcessInfo& info, const HostInfo& host) {
  const std::string identity =
      host.boot_id + "/" + std::to_string(info.tgid) + "/" + std::to_string(info.start_ticks);
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, XXH3_128bits(identity.data(), identity.size()));
  bytes.digest[6] = static_cast<unsigned char>((bytes.digest[6] & 0x0f) | 0x80);
  bytes.digest[8] = static_cast<unsigned char>((bytes.digest[8] & 0x3f) | 0x80);
  std::string out = ToHex({reinterpret_cast<const char*>(bytes.digest), sizeof(bytes.digest)});
  for (const std::size_t dash : {8, 13, 18, 23}) out.insert(dash, 1, '-');
  return out;
}

// argv[0], up to its first blank: a process that sets its title puts more than the command there.
std::string CommandOf(const ProcessInfo& info) {
  if (info.arguments.empty()) return {};
  const std::string& first = info.arguments[0];
  return first.substr(0, std::min(first.find(' '), kMaxCommand));
}

class AttributeList {
 public:
  explicit AttributeList(std::vector<span::Attribute>& out) : out_(out) {}
  // Leaves out empty values and keys that are there already.
  void Add(const std::string& key, std::string value) {
    if (!value.empty() && !Has(key)) out_.emplace_back(key, std::move(value));
  }
  void Add(const std::string& key, std::int64_t value) { out_.emplace_back(key, value); }

 private:
  bool Has(const std::string& key) const {
    return std::any_of(out_.begin(), out_.end(),
                       [&key](const span::Attribute& a) { return a.first == key; });
  }
  std::vector<span::Attribute>& out_;
};

}  // namespace

HostInfo HostInfo::Read() {
  HostInfo host;
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (gethostname(name.data(), name.size() - 1) == 0) host.name = name.data();
  host.id = FirstLine("/etc/machine-id");
  host.boot_id = FirstLine("/proc/sys/kernel/random/boot_id");
  return host;
}

std::shared_ptr<const span::Resource> MakeResource(const ProcessInfo& info, const HostInfo& host,
                                                   const std::string& service_name) {
  auto resource = std::make_shared<span::Resource>();
  resource->service_name = service_name.empty() ? DeriveServiceName(info) : service_name;
  AttributeList list(resource->attributes);
  list.Add("service.name", resource->service_name);
  list.Add("service.instance.id", InstanceId(info, host));
  list.Add("process.pid", static_cast<std::int64_t>(info.tgid));
  list.Add("process.executable.name", std::string(BaseName(info.exe)));
  list.Add("process.command", CommandOf(info));
  list.Add("host.name", host.name);
  list.Add("host.id", host.id);
  list.Add("os.type", "linux");
  list.Add("container.id", info.container_id);
  list.Add("telemetry.sdk.name", "clew");
  list.Add("telemetry.sdk.language", "cpp");
  list.Add("telemetry.sdk.version", CLEW_VERSION);
  for (auto& [key, value] : ParseResourceAttributes(info.otel_resource_attributes))
    list.Add(key, std::move(value));
  return resource;
}

}  // namespace clew::process
