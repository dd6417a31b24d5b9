#include "agent/process/selectors.h"

#include <gtest/gtest.h>

namespace clew::process {
namespace {

using Kind = Selector::Kind;

ProcessInfo Nginx() {
  ProcessInfo info;
  info.tgid = 42;
  info.exe = "/usr/sbin/nginx";
  info.cgroup = "/system.slice/nginx.service";
  info.listening_ports = {80};
  return info;
}

Verdict VerdictFor(Selector selector) {
  return Decide(Nginx(), {.include = {std::move(selector)}}).verdict;
}

TEST(Selectors, EachKindMatchesItsOwnProperty) {
  EXPECT_EQ(VerdictFor({Kind::kPid, "", 42}), Verdict::kTrace);
  EXPECT_EQ(VerdictFor({Kind::kPid, "", 43}), Verdict::kNo);
  EXPECT_EQ(VerdictFor({Kind::kPort, "", 80}), Verdict::kTrace);
  EXPECT_EQ(VerdictFor({Kind::kPort, "", 8080}), Verdict::kNo);
  EXPECT_EQ(VerdictFor({Kind::kExe, "nginx"}), Verdict::kTrace);
  EXPECT_EQ(VerdictFor({Kind::kExe, "ng*"}), Verdict::kTrace);
  EXPECT_EQ(VerdictFor({Kind::kExe, "/usr/*/nginx"}), Verdict::kTrace);
  EXPECT_EQ(VerdictFor({Kind::kExe, "/opt/*"}), Verdict::kNo);
  EXPECT_EQ(VerdictFor({Kind::kCgroup, "/system.slice"}), Verdict::kTrace);
  EXPECT_EQ(VerdictFor({Kind::kCgroup, "/system.slice/nginx.service"}), Verdict::kTrace);
  EXPECT_EQ(VerdictFor({Kind::kCgroup, "/system.slice/nginx"}), Verdict::kNo);
  EXPECT_EQ(VerdictFor({Kind::kCgroup, "/"}), Verdict::kTrace);
  EXPECT_EQ(Decide(Nginx(), {}).verdict, Verdict::kNo);
}

TEST(Selectors, AnExcludeWinsOverEveryInclude) {
  const Selectors selectors{.include = {{Kind::kPid, "", 42}}, .exclude_exe = {"nginx"}};
  EXPECT_EQ(Decide(Nginx(), selectors).verdict, Verdict::kExclude);
}

TEST(Selectors, TheFirstMatchNamesTheServiceElseTheGeneralOverrideDoes) {
  Selectors selectors{.include = {{Kind::kPort, "", 80, "edge"}, {Kind::kPid, "", 42, "other"}},
                      .service_name = "shop"};
  EXPECT_EQ(Decide(Nginx(), selectors).service_name, "edge");
  selectors.include[0].service_name.clear();
  EXPECT_EQ(Decide(Nginx(), selectors).service_name, "shop");
}

TEST(Selectors, CgroupPathsAreTakenWithTheirMountAndWithout) {
  EXPECT_EQ(NormalizeCgroup("/sys/fs/cgroup/a.slice/", "/sys/fs/cgroup"), "/a.slice");
  EXPECT_EQ(NormalizeCgroup("/sys/fs/cgroup", "/sys/fs/cgroup"), "/");
  EXPECT_EQ(NormalizeCgroup("/sys/fs/cgroup/unified/a", "/sys/fs/cgroup/unified"), "/a");
  EXPECT_EQ(NormalizeCgroup("/a.slice", "/sys/fs/cgroup"), "/a.slice");
  EXPECT_EQ(NormalizeCgroup("a.slice", "/sys/fs/cgroup"), "/a.slice");
  EXPECT_EQ(NormalizeCgroup("/sys/fs/cgroup2", "/sys/fs/cgroup"), "/sys/fs/cgroup2");
}

}  // namespace
}  // namespace clew::process
