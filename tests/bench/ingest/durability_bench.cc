// Kills a real clew-collector with SIGKILL while it takes spans, starts it again on the same data,
// and looks for every span that it had acknowledged: of this run, and once more of the run before,
// since those have been sealed meanwhile. Human lines first; the last line is one JSON object.
//
//   clew-bench-durability [--runs N]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <random>
#include <thread>

#include "base/time.h"
#include "collector_process.h"
#include "realistic.h"
#include "sender.h"
#include "temp_dir.h"
#include "verify.h"

namespace clew::bench {
namespace {

constexpr std::uint64_t kTracesPerRequest = 64;
constexpr std::uint64_t kRequestsPerRun = 120;  // 61,440 spans: sealing is under way at most kills
constexpr int kChannels = 2;
constexpr int kInFlight = 8;
constexpr int kReaders = 2;

int Fail(const std::string& message) {
  std::fprintf(stderr, "clew-bench-durability: %s\n", message.c_str());
  return 1;
}

// One run's load, and which of its traces were acknowledged.
struct Load {
  Workload workload;
  std::vector<std::uint64_t> acked;
};

// Sends until the collector dies, some time after the first requests.
Load SendAndKill(CollectorProcess& collector, std::mt19937_64& random) {
  Load load{Workload(random(), ToUint64(UnixClock::now())), {}};
  std::vector<std::string> requests;
  for (std::uint64_t i = 0; i < kRequestsPerRun; ++i) {
    requests.push_back(load.workload.Request(i * kTracesPerRequest, kTracesPerRequest));
  }
  const std::chrono::milliseconds life(30 + random() % 700);
  std::jthread killer([&] {
    std::this_thread::sleep_for(life);
    collector.Kill();
  });
  const SendResult sent = Send(collector.otlp(), requests, kChannels, kInFlight);
  killer.join();
  for (std::uint64_t i = 0; i < kRequestsPerRun; ++i) {
    for (std::uint64_t n = 0; sent.acked[i] != 0 && n < kTracesPerRequest; ++n) {
      load.acked.push_back(i * kTracesPerRequest + n);
    }
  }
  return load;
}

int Run(int runs, const std::filesystem::path& data) {
  const auto binary =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "clew-collector";
  const std::uint64_t seed = std::random_device{}();
  std::mt19937_64 random(seed);
  std::printf("seed      %llu\n", static_cast<unsigned long long>(seed));
  std::deque<Load> loads;
  std::uint64_t acked = 0;
  std::uint64_t lost = 0;
  std::uint64_t doubled = 0;
  for (int run = 0; run <= runs; ++run) {
    auto collector = CollectorProcess::Start(binary.string(), {}, data);
    if (!collector) return Fail(collector.error().message);
    for (const Load& load : loads) {
      const VerifyResult verified =
          Verify((*collector)->query(), load.workload, load.acked, kReaders);
      lost += verified.lost;
      doubled += verified.doubled;
    }
    if (loads.size() == 2) loads.pop_front();
    if (run == runs) break;  // the last start is only there to look
    loads.push_back(SendAndKill(**collector, random));
    acked += loads.back().acked.size() * kSpansPerTrace;
    std::printf("run %-5d %zu spans acknowledged before the kill; so far %llu lost, %llu doubled\n",
                run + 1, loads.back().acked.size() * kSpansPerTrace,
                static_cast<unsigned long long>(lost), static_cast<unsigned long long>(doubled));
  }
  std::printf("{\"runs\":%d,\"acked\":%llu,\"lost\":%llu,\"duplicated\":%llu}\n", runs,
              static_cast<unsigned long long>(acked), static_cast<unsigned long long>(lost),
              static_cast<unsigned long long>(doubled));
  return lost == 0 && doubled == 0 && acked > 0 ? 0 : 1;
}

}  // namespace
}  // namespace clew::bench

int main(int argc, char** argv) {
  int runs = 50;
  if (argc == 3 && std::strcmp(argv[1], "--runs") == 0) {
    runs = std::atoi(argv[2]);
  } else if (argc != 1) {
    runs = 0;
  }
  if (runs <= 0) {
    std::fprintf(stderr, "usage: clew-bench-durability [--runs N]\n");
    return 2;
  }
  const auto dir = clew::bench::TempDir::Make();
  if (!dir) return clew::bench::Fail(dir.error().message);
  return clew::bench::Run(runs, dir->path());
}
