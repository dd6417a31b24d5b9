// How fast the store takes spans durably and what they cost: export requests are decoded as the
// receiver does it and appended in groups like the collector's, while sealing goes on behind. Human
// lines first; the last line is one JSON object.
//
//   clew-bench-store [--spans N] [--random-spans N]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <random>

#include "base/bytes.h"
#include "collector/receiver/decode.h"
#include "own_usage.h"
#include "random_load.h"
#include "realistic.h"
#include "store/rocks_store.h"
#include "temp_dir.h"

namespace clew::bench {
namespace {

constexpr std::uint64_t kTracesPerRequest = 64;
constexpr std::uint64_t kRequestsPerGroup =
    16;  // 8,192 spans, as the collector's groups under load
constexpr std::uint64_t kSpansPerGroup = kTracesPerRequest * kRequestsPerGroup * kSpansPerTrace;

struct Options {
  std::uint64_t spans = 2'000'000;
  std::uint64_t random_spans = 400'000;
};

bool ParseOptions(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; i += 2) {
    const long value = i + 1 < argc ? std::atol(argv[i + 1]) : 0;
    if (value <= 0) return false;
    if (std::strcmp(argv[i], "--spans") == 0) {
      options.spans = static_cast<std::uint64_t>(value);
    } else if (std::strcmp(argv[i], "--random-spans") == 0) {
      options.random_spans = static_cast<std::uint64_t>(value);
    } else {
      return false;
    }
  }
  return true;
}

[[noreturn]] void Fail(const std::string& message) {
  std::fprintf(stderr, "clew-bench-store: %s\n", message.c_str());
  std::exit(1);
}

void Check(const Status& status) {
  if (!status) Fail(status.error().message);
}

TempDir MakeTempDir() {
  auto dir = TempDir::Make();
  if (!dir) Fail(dir.error().message);
  return std::move(dir).value();
}

std::uint64_t BytesBelow(const std::filesystem::path& dir) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

// `later`: how much its clock is ahead.
std::unique_ptr<store::RocksStore> Open(const std::filesystem::path& dir,
                                        std::chrono::hours later = {}) {
  auto store = store::OpenRocksStore(
      {.path = dir.string(), .clock = [later] { return UnixClock::now() + later; }});
  if (!store) Fail(store.error().message);
  return *std::move(store);
}

// Requests in a file, so that neither making them nor keeping them is measured.
std::uint64_t WriteRequests(const std::filesystem::path& path, std::uint64_t groups) {
  const Workload workload(std::random_device{}(), ToUint64(UnixClock::now()));
  std::ofstream out(path, std::ios::binary);
  for (std::uint64_t i = 0; i < groups * kRequestsPerGroup; ++i) {
    const std::string request = workload.Request(i * kTracesPerRequest, kTracesPerRequest);
    std::string size;
    AppendU32be(size, static_cast<std::uint32_t>(request.size()));
    out << size << request;
  }
  if (!out.flush()) Fail("cannot write " + path.string());
  return std::filesystem::file_size(path);
}

// The spans of the next requests.
store::SpanBatch ReadGroup(std::ifstream& in) {
  store::SpanBatch group;
  for (std::uint64_t i = 0; i < kRequestsPerGroup; ++i) {
    std::string bytes(4, '\0');
    in.read(bytes.data(), 4);
    bytes.resize(ByteCursor(bytes).U32be().value_or(0));
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    auto decoded = receiver::DecodeRequest(bytes, UnixClock::now());
    if (!in || !decoded) Fail("a request did not come back");
    std::move(decoded->spans.begin(), decoded->spans.end(), std::back_inserter(group));
  }
  return group;
}

struct Realistic {
  double seconds = 0;
  double cpu = 0;
  double bytes = 0;
  double seal_lag = 0;
  std::uint64_t exact = 0;
  double tier_seconds = 0;
  double tier_cpu = 0;
  double tier_longest = 0;  // seconds of one rewriting, for which sealing would wait
  double tier_kept = 0;     // spans
};

// Everything that `dir` holds goes through a tier that keeps errors and one per cent.
void MeasureTier(const std::filesystem::path& dir, Realistic& result) {
  constexpr store::RetentionPolicy kPolicy{.keep_all = std::chrono::hours(1),
                                           .keep_sample = std::chrono::hours(1000),
                                           .sample_percent = 1};
  auto store = Open(dir, std::chrono::hours(100));
  const double cpu = CpuSeconds();
  for (bool more = true; more;) {
    const auto begin = std::chrono::steady_clock::now();
    const auto retained = store->Retain(kPolicy, false);
    if (!retained) Fail(retained.error().message);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    result.tier_seconds += took.count();
    more = retained->more;
    // The last one also gives the space back.
    if (more) result.tier_longest = std::max(result.tier_longest, took.count());
  }
  result.tier_cpu = CpuSeconds() - cpu;
  result.tier_kept = static_cast<double>(store->Stats().spans);
}

// Until everything is durable, sealed, and written out of memory.
Realistic MeasureRealistic(std::uint64_t groups) {
  const TempDir dir = MakeTempDir();
  const std::uint64_t size = WriteRequests(dir.path() / "requests", groups);
  std::printf("load      %llu spans, %.0f bytes a span\n",
              static_cast<unsigned long long>(groups * kSpansPerGroup),
              static_cast<double>(size) / static_cast<double>(groups * kSpansPerGroup));
  std::ifstream in(dir.path() / "requests", std::ios::binary);
  Realistic result;
  const double cpu = CpuSeconds();
  const auto begin = std::chrono::steady_clock::now();
  auto store = Open(dir.path() / "data");
  auto next = std::async(std::launch::async, [&] { return ReadGroup(in); });
  for (std::uint64_t i = 0; i < groups; ++i) {
    const store::SpanBatch group = next.get();
    if (i + 1 < groups) next = std::async(std::launch::async, [&] { return ReadGroup(in); });
    Check(store->Append(group));
  }
  Check(store->Seal());
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  result.seal_lag = std::chrono::duration<double>(store->GetHealth().longest_seal_lag).count();
  result.exact = store->GetHealth().exact_spans;
  store.reset();
  result.cpu = CpuSeconds() - cpu;
  result.bytes = static_cast<double>(BytesBelow(dir.path() / "data"));
  MeasureTier(dir.path() / "data", result);
  return result;
}

double MeasureRandom(std::uint64_t groups) {
  const TempDir dir = MakeTempDir();
  const RandomLoad load(std::random_device{}(), ToUint64(UnixClock::now()));
  auto store = Open(dir.path() / "data");
  const std::uint64_t traces = kSpansPerGroup / kSpansPerTrace;
  for (std::uint64_t i = 0; i < groups; ++i) Check(store->Append(load.Records(i * traces, traces)));
  Check(store->Seal());
  const double spans = static_cast<double>(store->Stats().spans);
  store.reset();
  return static_cast<double>(BytesBelow(dir.path() / "data")) / spans;
}

int Run(const Options& options) {
  const std::uint64_t groups = (options.spans + kSpansPerGroup - 1) / kSpansPerGroup;
  const Realistic realistic = MeasureRealistic(groups);
  const double rss = PeakRssMb();
  const double spans = static_cast<double>(groups * kSpansPerGroup);
  const double rate = spans / realistic.seconds;
  const double cpu_us = realistic.cpu * 1e6 / spans;
  std::printf("store     %.2f s: %.0f spans/s durable and sealed, %.2f us CPU a span\n",
              realistic.seconds, rate, cpu_us);
  std::printf("disk      %.1f bytes a span, %llu spans kept by their bytes\n",
              realistic.bytes / spans, static_cast<unsigned long long>(realistic.exact));
  std::printf("sealed    at most %.2f s after the append; %.0f MB peak memory\n",
              realistic.seal_lag, rss);
  std::printf(
      "tier      %.0f spans/s judged, %.2f us CPU a span, %.1f %% of them kept, at most %.2f s in "
      "one\n",
      spans / realistic.tier_seconds, realistic.tier_cpu * 1e6 / spans,
      100 * realistic.tier_kept / spans, realistic.tier_longest);
  const double random = MeasureRandom((options.random_spans + kSpansPerGroup - 1) / kSpansPerGroup);
  std::printf("random    %.1f bytes a span\n", random);
  std::printf(
      "{\"spans_per_s\":%.0f,\"cpu_us_per_span\":%.2f,\"bytes_per_span\":%.1f,"
      "\"bytes_per_span_random\":%.1f,\"seal_lag_s\":%.2f,\"rss_mb\":%.0f,"
      "\"tier_spans_per_s\":%.0f,\"tier_cpu_us_per_span\":%.2f,\"tier_longest_s\":%.2f}\n",
      rate, cpu_us, realistic.bytes / spans, random, realistic.seal_lag, rss,
      spans / realistic.tier_seconds, realistic.tier_cpu * 1e6 / spans, realistic.tier_longest);
  return 0;
}

}  // namespace
}  // namespace clew::bench

int main(int argc, char** argv) {
  clew::bench::Options options;
  if (!clew::bench::ParseOptions(argc, argv, options)) {
    std::fprintf(stderr, "usage: clew-bench-store [--spans N] [--random-spans N]\n");
    return 2;
  }
  return clew::bench::Run(options);
}
