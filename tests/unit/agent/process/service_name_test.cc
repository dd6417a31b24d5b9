#include "agent/process/service_name.h"

#include <gtest/gtest.h>

#include "agent/process/node_package.h"
#include "tests/unit/agent/process/fake_proc.h"

namespace clew::process {
namespace {

std::string NameOf(const std::string& exe, std::vector<std::string> arguments,
                   const std::string& cwd = "/srv/shop") {
  ProcessInfo info;
  info.exe = exe;
  info.arguments = std::move(arguments);
  info.working_directory = cwd;
  return DeriveServiceName(info);
}

TEST(ServiceName, OfJavaIsTheJarOrTheMainClass) {
  const std::string java = "/usr/lib/jvm/java-17/bin/java";
  EXPECT_EQ(NameOf(java, {"java", "-Xmx1g", "-jar", "/opt/orders-1.2.3-SNAPSHOT.jar", "--port=1"}),
            "orders");
  EXPECT_EQ(NameOf(java, {"java", "-jar", "order-service.jar"}), "order-service");
  EXPECT_EQ(NameOf(java, {"java", "-cp", "a.jar:b.jar", "com.acme.Orders", "x"}), "Orders");
  EXPECT_EQ(NameOf(java, {"java", "-m", "acme.orders/com.acme.Orders"}), "Orders");
  EXPECT_EQ(NameOf(java, {"java", "Orders.java"}), "Orders");
  EXPECT_EQ(NameOf(java, {"java", "-jar"}), "java");
}

TEST(ServiceName, OfPythonIsTheScriptTheModuleOrTheApplication) {
  const std::string python = "/usr/bin/python3.11";
  EXPECT_EQ(NameOf(python, {"python3", "-u", "/srv/shop/orders.py"}), "orders");
  EXPECT_EQ(NameOf(python, {"python3", "-W", "ignore", "orders.py"}), "orders");
  EXPECT_EQ(NameOf(python, {"python3", "-m", "orders.server"}), "orders");
  EXPECT_EQ(NameOf(python,
                   {"python3", "/usr/bin/gunicorn", "-b", "127.0.0.1:80", "-w", "4", "orders:app"}),
            "orders");
  EXPECT_EQ(NameOf(python, {"python3", "-m", "gunicorn", "orders.wsgi:make_app()"}), "orders");
  EXPECT_EQ(NameOf(python, {"python3", "/usr/bin/gunicorn", "--name", "checkout", "orders:app"}),
            "checkout");
  EXPECT_EQ(NameOf(python, {"python3", "/usr/bin/gunicorn", "app:app"}), "shop");
  EXPECT_EQ(NameOf(python, {"python3", "/usr/bin/gunicorn"}), "gunicorn");
  EXPECT_EQ(NameOf(python, {"python3", "/usr/bin/flask", "--app", "orders.py", "run"}), "orders");
  EXPECT_EQ(NameOf(python, {"gunicorn: worker [orders]"}), "orders");
  EXPECT_EQ(NameOf(python, {"python3", "-c", "secret()"}), "python3.11");
  EXPECT_EQ(NameOf(python, {"python3"}), "python3.11");
}

TEST(ServiceName, ANameThatSaysNothingGivesWayToItsFolders) {
  EXPECT_EQ(NameOf("/usr/bin/python3", {"python3", "app.py"}, "/srv/orders/src"), "orders");
  EXPECT_EQ(NameOf("/usr/bin/node", {"node", "/srv/payments/dist/index.js"}), "payments");
  EXPECT_EQ(NameOf("/usr/bin/node", {"node", "/app/server.js"}, "/"), "server");
}

TEST(ServiceName, OfTheRestIsTheScriptTheExecutableOrTheCommand) {
  EXPECT_EQ(NameOf("/usr/bin/node",
                   {"node", "-r", "./hook.js", "--max-old-space-size=100", "pricing.mjs"}),
            "pricing");
  EXPECT_EQ(NameOf("/usr/bin/dotnet", {"dotnet", "Orders.dll"}), "Orders");
  EXPECT_EQ(NameOf("/usr/sbin/nginx", {"nginx: worker process"}), "nginx");
  EXPECT_EQ(NameOf("/opt/bin/inventory", {"./inventory", "-port", "1"}), "inventory");
  ProcessInfo gone;
  gone.comm = "curl";
  EXPECT_EQ(DeriveServiceName(gone), "curl");
  EXPECT_EQ(DeriveServiceName({}), "unknown_service");
}

TEST(ServiceName, TheEnvironmentWins) {
  ProcessInfo info;
  info.exe = "/usr/sbin/nginx";
  info.otel_resource_attributes = "deployment.environment=prod, service.name=front%20door";
  EXPECT_EQ(DeriveServiceName(info), "front door");
  info.otel_service_name = "edge";
  EXPECT_EQ(DeriveServiceName(info), "edge");
  info.otel_service_name = std::string(4000, 'x');
  EXPECT_EQ(DeriveServiceName(info).size(), kMaxServiceName);
}

TEST(ResourceAttributes, MalformedEntriesAreLeftOutAndManyAreBounded) {
  const auto parsed = ParseResourceAttributes("a=1,,=x,b, c = d%2Ce%zz%2 ,");
  ASSERT_EQ(parsed.size(), 2u);
  EXPECT_EQ(parsed[0], (std::pair<std::string, std::string>("a", "1")));
  EXPECT_EQ(parsed[1], (std::pair<std::string, std::string>("c", "d,e%zz%2")));
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "k=v,";
  EXPECT_EQ(ParseResourceAttributes(many).size(), 64u);
}

TEST(NodePackage, IsTheNameBesideTheScriptOrAboveIt) {
  const FakeProc proc;
  proc.Write("7/root/srv/pay/package.json", R"({"deep":{"name":"no"},"name":"@acme/payments"})");
  proc.Write("7/root/srv/pay/src/pay.js", "");
  ProcessInfo info;
  info.exe = "/usr/bin/node";
  info.arguments = {"node", "./pay.js"};
  info.working_directory = "/srv/pay/src";
  EXPECT_EQ(NodePackageName(info, proc.root() + "/7/root"), "payments");
  info.arguments[1] = "/other/pay.js";
  EXPECT_EQ(NodePackageName(info, proc.root() + "/7/root"), "");
}

TEST(NodePackage, HostileFilesGiveNoName) {
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]"), std::string(R"({"name":7})"),
        std::string(R"({"name":")") + "\xff\"}", std::string(100'000, '['),
        std::string(R"({"name":{"name":"x"}})")}) {
    EXPECT_EQ(PackageNameOfJson(text), "");
  }
}

}  // namespace
}  // namespace clew::process
