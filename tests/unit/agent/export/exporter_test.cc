// The exporter's policy, against transports that answer as the test says.
#include "agent/export/exporter.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <thread>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "tests/unit/agent/export/test_exporter.h"
#include "tests/unit/agent/export/test_spans.h"

namespace clew::exporting {
namespace {

using Outcome = ExportResult::Outcome;
using std::chrono::milliseconds;
using Request = opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;

// Answers every call at once on a thread of its own, by a script per endpoint; what was accepted is
// kept.
class World {
 public:
  using Script = std::function<ExportResult(int call)>;
  void On(const std::string& endpoint, Script script) { scripts_[endpoint] = std::move(script); }
  TransportFactory Factory() {
    return [this](const std::string& endpoint) { return std::make_unique<Fake>(*this, endpoint); };
  }
  int Calls(const std::string& endpoint) const {
    MutexLock lock(mutex_);
    const auto found = calls_.find(endpoint);
    return found == calls_.end() ? 0 : found->second;
  }
  std::vector<int> BatchSizes() const {
    MutexLock lock(mutex_);
    return batches_;
  }

 private:
  class Fake : public Transport {
   public:
    Fake(World& world, std::string endpoint) : world_(world), endpoint_(std::move(endpoint)) {}
    ~Fake() override {
      for (std::thread& thread : threads_) thread.join();
    }
    void Export(std::shared_ptr<const std::string> request, milliseconds, Done done) override {
      const ExportResult result = world_.Answer(endpoint_, *request);
      threads_.emplace_back([result, done = std::move(done)]() { done(result); });
    }
    const std::string& endpoint() const override { return endpoint_; }

   private:
    World& world_;
    const std::string endpoint_;
    std::vector<std::thread> threads_;
  };

  ExportResult Answer(const std::string& endpoint, const std::string& bytes) {
    MutexLock lock(mutex_);
    const ExportResult result = scripts_[endpoint](calls_[endpoint]++);
    Request request;
    EXPECT_TRUE(request.ParseFromString(bytes));
    int spans = 0;
    for (const auto& resource : request.resource_spans())
      spans += resource.scope_spans(0).spans_size();
    if (result.outcome == Outcome::kAccepted) batches_.push_back(spans);
    return result;
  }

  mutable Mutex mutex_;
  std::map<std::string, Script> scripts_;
  std::map<std::string, int> calls_;
  std::vector<int> batches_;
};

ExportResult Ok(int) { return {.outcome = Outcome::kAccepted}; }
ExportResult Gone(int) { return {.outcome = Outcome::kRetryable, .message = "gone"}; }

TEST(Exporter, AFullBatchGoesAtOnceAndTheRestAfterItsDelay) {
  World world;
  world.On("a", Ok);
  ExportOptions options = Quick();
  options.batch_delay = milliseconds(200);
  options.batch_spans = 10;
  Exporter exporter(options, world.Factory());
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 25; ++i) exporter.Push(TestSpan());
  ASSERT_TRUE(Eventually([&]() { return Counter(exporter, "spans_sent") == 25; }));
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(200));
  EXPECT_EQ(world.BatchSizes(), (std::vector<int>{10, 10, 5}));
}

TEST(Exporter, ABatchIsSentAgainUntilItIsTaken) {
  World world;
  world.On("a", [](int call) { return call < 6 ? Gone(call) : Ok(call); });
  Exporter exporter(Quick(), world.Factory());
  exporter.Push(TestSpan());
  ASSERT_TRUE(Eventually([&]() { return Counter(exporter, "spans_sent") == 1; }));
  EXPECT_EQ(world.Calls("a"), 7);
  EXPECT_EQ(Counter(exporter, "export_retries"), 6u);
}

TEST(Exporter, FailsOverToTheNextEndpointAndComesBack) {
  World world;
  std::atomic<bool> first_up{false};
  world.On("a", [&](int call) { return first_up ? Ok(call) : Gone(call); });
  world.On("b", Ok);
  Exporter exporter(Quick({"a", "b"}), world.Factory());
  exporter.Push(TestSpan());
  ASSERT_TRUE(Eventually([&]() { return Counter(exporter, "spans_sent") == 1; }));
  EXPECT_GE(world.Calls("b"), 0);
  EXPECT_EQ(Counter(exporter, "spans_dropped_refused"), 0u);
  first_up = true;
  const int before = world.Calls("a");
  ASSERT_TRUE(Eventually([&]() {
    exporter.Push(TestSpan());
    return world.Calls("a") > before + 3;
  }));
}

TEST(Exporter, AnOpenBreakerKeepsAnEndpointFromBeingAskedByEveryBatch) {
  World world;
  world.On("a", Gone);
  world.On("b", Ok);
  ExportOptions options = Quick({"a", "b"});
  options.backoff = {.initial = std::chrono::minutes(1), .max = std::chrono::minutes(1)};
  options.batch_spans = 1;
  Exporter exporter(options, world.Factory());
  for (int i = 0; i < 50; ++i) exporter.Push(TestSpan());
  // Those that met the failing endpoint first may go to the second at once.
  ASSERT_TRUE(Eventually([&]() { return Counter(exporter, "spans_sent") == 50; }));
  EXPECT_LE(world.Calls("a"), 3 + options.max_in_flight);
}

TEST(Exporter, PartialSuccessIsCountedAndNotSentAgain) {
  World world;
  world.On("a", [](int) {
    return ExportResult{.outcome = Outcome::kAccepted, .rejected_spans = 2, .message = "bad"};
  });
  ExportOptions options = Quick();
  options.batch_spans = 5;
  Exporter exporter(options, world.Factory());
  for (int i = 0; i < 5; ++i) exporter.Push(TestSpan());
  ASSERT_TRUE(Eventually([&]() { return Counter(exporter, "spans_sent") == 3; }));
  EXPECT_EQ(Counter(exporter, "spans_dropped_rejected"), 2u);
  EXPECT_TRUE(exporter.Shutdown(milliseconds(1000)));
  EXPECT_EQ(world.Calls("a"), 1);
}

TEST(Exporter, ARefusedBatchIsDroppedAndCounted) {
  World world;
  world.On("a", [](int) { return ExportResult{.outcome = Outcome::kRefused, .message = "no"}; });
  Exporter exporter(Quick(), world.Factory());
  exporter.Push(TestSpan());
  ASSERT_TRUE(Eventually([&]() { return Counter(exporter, "spans_dropped_refused") == 1; }));
  EXPECT_EQ(exporter.pending(), 0u);
}

TEST(Exporter, AServersRequestedPauseIsKept) {
  World world;
  world.On("a", [](int call) {
    return call > 0
               ? Ok(call)
               : ExportResult{.outcome = Outcome::kThrottled, .retry_delay = milliseconds(150)};
  });
  Exporter exporter(Quick(), world.Factory());
  const auto start = std::chrono::steady_clock::now();
  exporter.Push(TestSpan());
  ASSERT_TRUE(Eventually([&]() { return Counter(exporter, "spans_sent") == 1; }));
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(150));
  EXPECT_EQ(Counter(exporter, "export_throttled"), 1u);
}

TEST(Exporter, ABatchThatNobodyTakesInTimeIsDropped) {
  World world;
  world.On("a", Gone);
  ExportOptions options = Quick();
  options.give_up_after = milliseconds(50);
  Exporter exporter(options, world.Factory());
  exporter.Push(TestSpan());
  ASSERT_TRUE(Eventually([&]() { return Counter(exporter, "spans_dropped_expired") == 1; }));
}

TEST(Exporter, WithTheCollectorGoneMemoryIsBoundedAndEverySpanIsAccountedFor) {
  World world;
  world.On("a", Gone);
  ExportOptions options = Quick();
  options.queue.spans = 100;
  options.batch_spans = 10;
  Exporter exporter(options, world.Factory());
  span::Span error = TestSpan();
  error.status = span::StatusCode::kError;
  for (int i = 0; i < 1000; ++i) exporter.Push(i % 100 == 0 ? error : TestSpan());
  EXPECT_LE(exporter.pending(), 100u + 40u);
  const std::uint64_t dropped = Counter(exporter, "spans_dropped_queue_full");
  EXPECT_EQ(dropped + exporter.pending(), 1000u);
  EXPECT_FALSE(exporter.Shutdown(milliseconds(20)));
  EXPECT_EQ(Counter(exporter, "spans_dropped_shutdown"), 1000u - dropped);
}

TEST(Exporter, ShutdownSendsWhatIsQueuedWithoutWaitingForTheDelay) {
  World world;
  world.On("a", Ok);
  ExportOptions options = Quick();
  options.batch_delay = std::chrono::minutes(1);
  Exporter exporter(options, world.Factory());
  for (int i = 0; i < 700; ++i) exporter.Push(TestSpan());
  EXPECT_TRUE(exporter.Shutdown(std::chrono::seconds(20)));
  EXPECT_EQ(Counter(exporter, "spans_sent"), 700u);
  exporter.Push(TestSpan());
  EXPECT_EQ(Counter(exporter, "spans_dropped_queue_full"), 1u) << "too late, but counted";
}

}  // namespace
}  // namespace clew::exporting
