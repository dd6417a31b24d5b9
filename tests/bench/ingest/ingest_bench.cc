// How fast a real clew-collector takes spans with durable acknowledgements over loopback gRPC, and
// whether every one of them is there afterwards. Human lines first; the last line is one JSON
// object.
//
//   clew-bench-ingest [--spans N] [--channels N] [--in-flight N]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <thread>

#include "base/time.h"
#include "collector_process.h"
#include "percentile.h"
#include "realistic.h"
#include "sender.h"
#include "verify.h"

namespace clew::bench {
namespace {

constexpr std::uint64_t kTracesPerRequest = 64;
constexpr std::uint64_t kSpansPerRequest = kTracesPerRequest * kSpansPerTrace;

struct Options {
  std::uint64_t spans = 512'000;
  int channels = 4;
  int in_flight = 16;
};

bool ParseOptions(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; i += 2) {
    const long value = i + 1 < argc ? std::atol(argv[i + 1]) : 0;
    if (value <= 0) return false;
    if (std::strcmp(argv[i], "--spans") == 0) {
      options.spans = static_cast<std::uint64_t>(value);
    } else if (std::strcmp(argv[i], "--channels") == 0) {
      options.channels = static_cast<int>(value);
    } else if (std::strcmp(argv[i], "--in-flight") == 0) {
      options.in_flight = static_cast<int>(value);
    } else {
      return false;
    }
  }
  return true;
}

// Flushes and compactions go on after the last answer; they are part of what a span costs.
void WaitUntilQuiet(const CollectorProcess& collector) {
  constexpr std::chrono::milliseconds kStep{400};
  double before = collector.CpuSeconds();
  for (int i = 0; i < 100; ++i) {
    std::this_thread::sleep_for(kStep);
    const double now = collector.CpuSeconds();
    if (now - before < 0.02) return;
    before = now;
  }
}

int Fail(const std::string& message) {
  std::fprintf(stderr, "clew-bench-ingest: %s\n", message.c_str());
  return 1;
}

int Run(const Options& options) {
  const auto binary =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "clew-collector";
  const std::uint64_t requests_wanted = (options.spans + kSpansPerRequest - 1) / kSpansPerRequest;
  const Workload workload(std::random_device{}(), ToUint64(UnixClock::now()));
  std::vector<std::string> requests;
  std::uint64_t bytes = 0;
  for (std::uint64_t i = 0; i < requests_wanted; ++i) {
    requests.push_back(workload.Request(i * kTracesPerRequest, kTracesPerRequest));
    bytes += requests.back().size();
  }
  const std::uint64_t spans = requests_wanted * kSpansPerRequest;
  std::printf(
      "load      %llu spans in requests of %llu, %.0f bytes a span; %d channels, %d requests under "
      "way\n",
      static_cast<unsigned long long>(spans), static_cast<unsigned long long>(kSpansPerRequest),
      static_cast<double>(bytes) / static_cast<double>(spans), options.channels, options.in_flight);

  auto collector = CollectorProcess::Start(binary.string(), {});
  if (!collector) return Fail(collector.error().message);
  const double cpu_before = (*collector)->CpuSeconds();
  const SendResult sent = Send((*collector)->otlp(), requests, options.channels, options.in_flight);
  WaitUntilQuiet(**collector);
  const double cpu = (*collector)->CpuSeconds() - cpu_before;
  if (!sent.first_error.empty()) return Fail("a request was not accepted: " + sent.first_error);

  std::vector<std::uint64_t> traces;
  for (std::uint64_t i = 0; i < sent.acked.size(); ++i) {
    for (std::uint64_t n = 0; sent.acked[i] != 0 && n < kTracesPerRequest; ++n) {
      traces.push_back(i * kTracesPerRequest + n);
    }
  }
  const double rss = (*collector)->PeakRssMb();
  const VerifyResult verified = Verify((*collector)->query(), workload, traces, 4);
  if (const Status stopped = (*collector)->Stop(); !stopped) return Fail(stopped.error().message);

  const double count = static_cast<double>(spans);
  const double rate = count / sent.seconds;
  const double cpu_us = cpu * 1e6 / count;
  const double p50_ms = Percentile(sent.ack_seconds, 0.5) * 1e3;
  const double p99_ms = Percentile(sent.ack_seconds, 0.99) * 1e3;
  const double disk = static_cast<double>((*collector)->DataBytes()) / count;
  std::printf("taken in  %.2f s: %.0f spans/s, ack p50 %.1f ms, p99 %.1f ms\n", sent.seconds, rate,
              p50_ms, p99_ms);
  std::printf("server    %.2f us CPU a span, %.0f MB peak memory, %.1f bytes a span on disk\n",
              cpu_us, rss, disk);
  std::printf("verified  %llu spans read back equal, %llu lost, %llu doubled\n",
              static_cast<unsigned long long>(verified.found),
              static_cast<unsigned long long>(verified.lost),
              static_cast<unsigned long long>(verified.doubled));
  std::printf(
      "{\"spans_per_s\":%.0f,\"server_cpu_us_per_span\":%.2f,\"ack_p99_ms\":%.2f,\"bytes_per_"
      "span\":%.1f,"
      "\"lost\":%llu,\"doubled\":%llu}\n",
      rate, cpu_us, p99_ms, disk, static_cast<unsigned long long>(verified.lost),
      static_cast<unsigned long long>(verified.doubled));
  return verified.lost == 0 && verified.doubled == 0 && verified.found == spans ? 0 : 1;
}

}  // namespace
}  // namespace clew::bench

int main(int argc, char** argv) {
  clew::bench::Options options;
  if (!clew::bench::ParseOptions(argc, argv, options)) {
    std::fprintf(stderr, "usage: clew-bench-ingest [--spans N] [--channels N] [--in-flight N]\n");
    return 2;
  }
  return clew::bench::Run(options);
}
