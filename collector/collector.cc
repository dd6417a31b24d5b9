#include "collector/collector.h"

#include <atomic>

#include "base/http/status_server.h"
#include "collector/admin_socket.h"
#include "collector/counters.h"
#include "collector/maintenance.h"
#include "collector/metrics.h"
#include "collector/pipeline/byte_budget.h"
#include "collector/pipeline/committer.h"
#include "collector/query/query_server.h"
#include "collector/receiver/otlp_server.h"
#include "store/admin/administration.h"
#include "store/rocks_store.h"

namespace clew::collector {
namespace {

constexpr std::size_t kMiB = 1 << 20;
// Requests in hand when the collector stops wait for one sync; a client that reads slowly is not
// waited for longer.
constexpr std::chrono::seconds kDrainPatience{10};

class RunningCollector final : public Collector {
 public:
  RunningCollector(const Config& config, std::unique_ptr<store::RocksStore> store)
      : config_(config),
        store_(std::move(store)),
        administration_(store::AdministrationOf(*store_, PolicyOf(config_))),
        maintenance_(*store_, PolicyOf(config_)),
        in_flight_(config.max_in_flight_mib * kMiB),
        committer_(*store_, counters_) {}
  ~RunningCollector() override { Stop(); }

  Status Listen() {
    auto status = http::StartStatusServer(
        {config_.metrics_listen,
         [this] {
           return RenderMetrics(counters_, store_->Stats(), store_->GetHealth(), in_flight_.used());
         },
         [this] { return std::string(serving_ ? "" : "not serving"); },
         [this] { return store_->GetHealth().refusal; }});
    if (!status) return status.error();
    status_ = *std::move(status);
    auto query = query::StartQueryServer({config_.query_listen, config_.data_dir, UnixClock::now()},
                                         *store_, counters_);
    if (!query) return query.error();
    query_ = *std::move(query);
    auto admin = StartAdminSocket(config_.data_dir, *administration_);
    if (!admin) return admin.error();
    admin_ = *std::move(admin);
    auto otlp = receiver::StartOtlpServer({config_.listen, config_.max_message_mib * kMiB},
                                          committer_, in_flight_, counters_);
    if (!otlp) return otlp.error();
    otlp_ = *std::move(otlp);
    serving_ = true;
    return {};
  }

  const std::string& otlp_address() const override { return otlp_->address(); }
  const std::string& query_address() const override { return query_->address(); }
  const std::string& metrics_address() const override { return status_->address(); }

  // In the data's direction: what has come in can still be written when it gets there.
  void Stop() override {
    serving_ = false;
    if (otlp_) otlp_->Shutdown(kDrainPatience);
    committer_.Stop();
    if (query_) query_->Shutdown();
    if (admin_) admin_->Shutdown();
  }

 private:
  const Config config_;
  std::unique_ptr<store::RocksStore> store_;
  const std::unique_ptr<store::Administration> administration_;
  Maintenance maintenance_;
  Counters counters_;
  pipeline::ByteBudget in_flight_;
  pipeline::Committer committer_;
  std::atomic<bool> serving_{false};
  std::unique_ptr<http::StatusServer> status_;
  std::unique_ptr<query::QueryServer> query_;
  std::unique_ptr<AdminSocket> admin_;
  std::unique_ptr<receiver::OtlpServer> otlp_;
};

}  // namespace

Result<std::unique_ptr<Collector>> StartCollector(const Config& config) {
  store::RocksStoreOptions options;
  options.path = config.data_dir;
  options.min_free_bytes = config.min_free_disk_mib * kMiB;
  auto store = store::OpenRocksStore(options);
  if (!store) return store.error();
  auto collector = std::make_unique<RunningCollector>(config, *std::move(store));
  if (const Status listening = collector->Listen(); !listening) return listening.error();
  return std::unique_ptr<Collector>(std::move(collector));
}

}  // namespace clew::collector
