// A collector that runs is administered over its socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <thread>

#include "admin/remote/remote_store.h"
#include "admin/service/socket.h"
#include "collector/admin_socket.h"
#include "collector/collector.h"
#include "store/admin/backup.h"
#include "store/admin/restore.h"
#include "test_spans.h"

namespace clew::admin {
namespace {

namespace fs = std::filesystem;
using store::MakeSpan;
using store::TempDir;
using store::TestTraceId;
using testing::HasSubstr;

class Remote : public testing::Test {
 protected:
  // A store behind a socket, as the collector has it, but open to the test.
  void Serve(const std::string& data_dir, const store::RetentionPolicy& policy = {}) {
    data_dir_ = data_dir;
    auto opened = store::OpenRocksStore({.path = data_dir, .segment_rows = 10});
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
    administration_ = store::AdministrationOf(*store_, policy);
    auto socket = collector::StartAdminSocket(data_dir, *administration_);
    ASSERT_TRUE(socket) << socket.error().message;
    socket_ = *std::move(socket);
  }
  std::unique_ptr<store::Administration> Connect() {
    auto remote = ConnectToCollector(data_dir_);
    CLEW_CHECK(remote.has_value() && *remote != nullptr);
    return *std::move(remote);
  }
  void Append(std::uint64_t first, std::uint64_t count) {
    store::SpanBatch batch;
    for (std::uint64_t i = first; i < first + count; ++i) batch.push_back(MakeSpan({.trace = i}));
    ASSERT_TRUE(store_->Append(batch));
  }

  TempDir dir_;
  std::string data_dir_;
  std::unique_ptr<store::RocksStore> store_;
  std::unique_ptr<store::Administration> administration_;
  std::unique_ptr<collector::AdminSocket> socket_;
};

TEST_F(Remote, AnswersAsTheStoreItself) {
  Serve(dir_.path() + "/data", {.max_bytes = 1});
  Append(1, 50);
  ASSERT_TRUE(store_->Seal());
  Append(100, 5);
  const auto remote = Connect();
  const auto details = remote->Details();
  ASSERT_TRUE(details) << details.error().message;
  EXPECT_EQ(details->spans, 55u);
  EXPECT_EQ(details->hot_spans, 5u);
  EXPECT_EQ(details->segments, 5u);

  const auto checked = remote->Check([](const store::Damage&) { FAIL(); }, {});
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->spans, 55u);

  ASSERT_TRUE(remote->Compact({}));
  const auto would = remote->Retain({}, true, {});
  ASSERT_TRUE(would);
  EXPECT_EQ(would->spans, 50u) << "by the collector's own policy";
  EXPECT_EQ(remote->Retain(store::RetentionPolicy{}, true, {})->spans, 0u) << "by ours";
  EXPECT_EQ(remote->Details()->spans, 55u);
  EXPECT_EQ(remote->Retain({}, false, {})->spans, 50u);
  EXPECT_EQ(remote->Details()->spans, 5u);
}

TEST_F(Remote, TheSocketIsForItsOwnerOnlyAndGoesWithTheCollector) {
  Serve(dir_.path() + "/data");
  const std::string path = data_dir_ + "/" + kSocketName;
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  socket_.reset();
  EXPECT_FALSE(fs::exists(path));
  EXPECT_EQ(*ConnectToCollector(data_dir_), nullptr);
}

TEST_F(Remote, APathOfAnyLengthWillDo) {
  std::string path = dir_.path();
  while (path.size() < 300) path += "/" + std::string(60, 'd');
  fs::create_directories(path);
  Serve(path);
  Append(1, 1);
  EXPECT_EQ(Connect()->Details()->spans, 1u);
}

TEST_F(Remote, TheSocketOfADeadCollectorIsNoObstacle) {
  const std::string data = dir_.path() + "/data";
  fs::create_directory(data);
  {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = data + "/" + kSocketName;
    ASSERT_LT(path.size(), sizeof(address.sun_path));
    std::memcpy(address.sun_path, path.data(), path.size());
    const Fd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  EXPECT_EQ(*ConnectToCollector(data), nullptr);
  Serve(data);
  EXPECT_TRUE(Connect()->Details());
}

TEST_F(Remote, WithoutADirectoryThereIsNoCollector) {
  EXPECT_EQ(*ConnectToCollector(dir_.path() + "/none"), nullptr);
}

TEST_F(Remote, DamagesAndErrorsComeOver) {
  Serve(dir_.path() + "/data");
  Append(1, 5);
  const auto remote = Connect();
  fs::create_directory(dir_.path() + "/taken");
  const auto refused = remote->Backup(dir_.path() + "/taken", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalid);
  EXPECT_THAT(refused.error().message, HasSubstr("exists already"));
  EXPECT_EQ(remote->Backup("relative", {}).error().code, Code::kInvalid);
}

TEST_F(Remote, ABackupWhileSpansAreWrittenHasWhatWasAcknowledged) {
  Serve(dir_.path() + "/data");
  std::atomic<std::uint64_t> acknowledged{0};
  const std::jthread writer([&](const std::stop_token& stop) {
    for (std::uint64_t i = 1; !stop.stop_requested(); ++i) {
      CLEW_CHECK(store_->Append({MakeSpan({.trace = i})}).has_value());
      acknowledged = i;
    }
  });
  while (acknowledged < 50) std::this_thread::yield();
  const std::uint64_t before = acknowledged;
  const std::string backup = dir_.path() + "/backup";
  const auto made = Connect()->Backup(backup, {});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_GE(made->spans, before);
  const std::string restored = dir_.path() + "/restored";
  ASSERT_TRUE(store::RestoreBackup(backup, restored, false, {}));
  const auto copy = store::OpenRocksStore({.path = restored});
  ASSERT_TRUE(copy);
  for (std::uint64_t i = 1; i <= before; ++i) {
    ASSERT_EQ(ReadAll(**copy, TestTraceId(i)).size(), 1u) << i;
  }
}

// An operation that lasts until it is ended.
class Endless final : public store::Administration {
 public:
  Result<store::CheckReport> Check(const store::EachDamage& each,
                                   const store::Watch& watch) override {
    each({"place", "problem", "remedy"});
    started = true;
    while (!watch.Cancelled()) {
      watch.Report("rounds", 1, 2);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ended = true;
    return store::CancelledError();
  }
  Result<store::StoreDetails> Details() override { return store::StoreDetails{}; }
  Result<store::BackupReport> Backup(const std::string&, const store::Watch&) override {
    return store::BackupReport{};
  }
  Result<store::CompactReport> Compact(const store::Watch&) override {
    return store::CompactReport{};
  }
  Result<store::RetentionReport> Retain(const std::optional<store::RetentionPolicy>&, bool,
                                        const store::Watch&) override {
    return store::RetentionReport{};
  }
  std::atomic<bool> started{false};
  std::atomic<bool> ended{false};
};

TEST_F(Remote, WhoHangsUpEndsWhatWasBegun) {
  Endless endless;
  auto socket = collector::StartAdminSocket(dir_.path(), endless);
  ASSERT_TRUE(socket) << socket.error().message;
  const auto remote = ConnectToCollector(dir_.path());
  ASSERT_TRUE(remote && *remote != nullptr);
  std::atomic<bool> heard{false};
  std::string place;
  const auto ended =
      (*remote)->Check([&](const store::Damage& damage) { place = damage.place; },
                       {[&](const store::Progress& progress) { heard = progress.what == "rounds"; },
                        [&] { return heard.load(); }});
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().message, store::CancelledError().message);
  EXPECT_EQ(place, "place");
  (*socket)->Shutdown();  // waits for what runs
  EXPECT_TRUE(endless.ended);
}

TEST_F(Remote, ACollectorThatStopsEndsWhatWasBegun) {
  Endless endless;
  auto socket = collector::StartAdminSocket(dir_.path(), endless);
  ASSERT_TRUE(socket);
  const auto remote = ConnectToCollector(dir_.path());
  ASSERT_TRUE(remote && *remote != nullptr);
  std::jthread stop([&] {
    while (!endless.started) std::this_thread::yield();
    (*socket)->Shutdown();
  });
  EXPECT_FALSE((*remote)->Check([](const store::Damage&) {}, {}));
  stop.join();
  EXPECT_TRUE(endless.ended);
}

TEST(RunningCollector, ServesItsAdministration) {
  TempDir dir;
  collector::Config config;
  config.listen = config.query_listen = config.metrics_listen = "127.0.0.1:0";
  config.data_dir = dir.path() + "/data";
  const auto started = collector::StartCollector(config);
  ASSERT_TRUE(started) << started.error().message;
  const auto remote = ConnectToCollector(config.data_dir);
  ASSERT_TRUE(remote && *remote != nullptr);
  EXPECT_TRUE((*remote)->Details());
  const auto refused = store::RestoreBackup(dir.path() + "/b", config.data_dir, true, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("Stop it before restoring"));
  (*started)->Stop();
  EXPECT_EQ(*ConnectToCollector(config.data_dir), nullptr);
}

}  // namespace
}  // namespace clew::admin
