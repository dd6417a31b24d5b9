// Which processes ask ioctl(FIONREAD) on their sockets, as far as that is known without watching
// them.
#pragma once

#include <string>
#include <vector>

#include "agent/process/process_control.h"
#include "agent/process/process_info.h"

namespace clew::process {

// Base names of executables as shell patterns. The configuration replaces or extends the defaults.
struct InjectNames {
  std::vector<std::string> uses = {"nginx", "openresty", "angie", "tengine", "freenginx"};
  std::vector<std::string> never = {"curl",      "wget",    "python*", "pypy*",  "node",  "nodejs",
                                    "deno",      "bun",     "java",    "php*",   "ruby*", "perl*",
                                    "haproxy",   "apache2", "httpd",   "dotnet", "envoy", "traefik",
                                    "caddy",     "wrk",     "wrk2",    "ab",     "hey",   "git*",
                                    "gunicorn*", "uwsgi*",  "beam.smp"};
};

// A name in `uses` wins over one in `never`, both over the finding that the executable is Go's
// (Go's network poller reads until EAGAIN and never asks).
InjectClass ClassifyInjection(const ProcessInfo& info, const InjectNames& names);

}  // namespace clew::process
