// How long the store takes to answer: 10 million spans of the realistic load, begun evenly over a
// day, then every question with the store at rest and while 20,000 spans a second are written.
// Human lines first; the last line is one JSON object.
//
//   clew-bench-query [--spans N] [--write-rate N] [--share F] [--dir DIR]
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "own_usage.h"
#include "questions.h"
#include "steady_writer.h"
#include "store/rocks_store.h"
#include "temp_dir.h"

namespace clew::bench {
namespace {

constexpr std::uint64_t kTracesOfABatch = 1024;  // what a busy collector commits at once
constexpr std::uint64_t kDayNs = 86'400ull * 1'000'000'000;

struct Options {
  std::uint64_t spans = 10'000'000;
  std::uint64_t write_rate = 20'000;
  double share = 1;  // of the usual number of questions
  std::string dir = std::filesystem::temp_directory_path();
};

template <typename T>
bool Parse(const char* text, T& value) {
  const auto read = std::from_chars(text, text + std::strlen(text), value);
  return read.ec == std::errc{} && *read.ptr == '\0' && value > 0;
}

bool ParseOptions(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 >= argc) return false;
    const std::string_view flag = argv[i];
    if (flag == "--dir") {
      options.dir = argv[i + 1];
    } else if (!(flag == "--spans" && Parse(argv[i + 1], options.spans)) &&
               !(flag == "--write-rate" && Parse(argv[i + 1], options.write_rate)) &&
               !(flag == "--share" && Parse(argv[i + 1], options.share))) {
      return false;
    }
  }
  return true;
}

// What the store does in the background after the last append is not what is measured.
void WaitUntilQuiet() {
  constexpr std::chrono::milliseconds kStep{500};
  constexpr int kMostSteps = 600;
  double before = CpuSeconds();
  for (int i = 0; i < kMostSteps; ++i) {
    std::this_thread::sleep_for(kStep);
    const double now = CpuSeconds();
    if (now - before < 0.02) return;
    before = now;
  }
}

int Fail(const std::string& message) {
  std::fprintf(stderr, "clew-bench-query: %s\n", message.c_str());
  return 1;
}

Status Fill(store::SpanStore& store, const DataSet& data) {
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t first = 0; first < data.traces; first += kTracesOfABatch) {
    const std::uint64_t count = std::min(kTracesOfABatch, data.traces - first);
    if (const Status added = store.Append(data.workload.Records(first, count)); !added)
      return added;
  }
  WaitUntilQuiet();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const store::StoreStats stats = store.Stats();
  fmt::print("filled    {} spans in {} traces in {:.0f} s, {:.1f} bytes a span\n", stats.spans,
             stats.traces, seconds,
             static_cast<double>(stats.bytes_on_disk) / static_cast<double>(stats.spans));
  return {};
}

int Run(const Options& options, const std::string& dir) {
  auto opened = store::OpenRocksStore({.path = dir});
  if (!opened) return Fail(opened.error().message);
  store::SpanStore& store = **opened;
  const std::uint64_t traces = (options.spans + kSpansPerTrace - 1) / kSpansPerTrace;
  const UnixNanos now = UnixClock::now();
  const UnixNanos begin = now - std::chrono::nanoseconds(kDayNs);
  const Workload workload(1, ToUint64(begin), kDayNs / traces);
  const DataSet data{workload, traces, begin};
  if (const Status filled = Fill(store, data); !filled) return Fail(filled.error().message);

  const auto quiet = Questions(store, data, options.share).Ask();
  if (!quiet) return Fail(quiet.error().message);
  fmt::print("at rest   {}\n", quiet->Json());
  std::fflush(stdout);

  const std::uint64_t step = kSpansPerTrace * 1'000'000'000ull / options.write_rate;
  const Workload incoming(2, ToUint64(now), step);
  SteadyWriter writer(store, incoming, options.write_rate);
  const auto write_begin = std::chrono::steady_clock::now();
  const auto busy = Questions(store, data, options.share).Ask();
  if (!busy) return Fail("while writing: " + busy.error().message);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - write_begin).count();
  fmt::print("writing   {}\n", busy->Json());
  fmt::print("written   {:.0f} spans/s meanwhile, {} batches failed\n",
             static_cast<double>(writer.spans()) / seconds, writer.failed());
  fmt::print("{{\"spans\":{},{},\"rss_mb\":{:.0f},\"while_writing\":{{{}}}}}\n",
             traces * kSpansPerTrace, quiet->Json(), PeakRssMb(), busy->Json());
  return writer.failed() == 0 ? 0 : 1;
}

// In a new directory, which goes with the run.
int RunInDir(const Options& options) {
  const auto dir = TempDir::Make(options.dir);
  return dir ? Run(options, dir->path()) : Fail(dir.error().message);
}

}  // namespace
}  // namespace clew::bench

int main(int argc, char** argv) {
  clew::bench::Options options;
  if (!clew::bench::ParseOptions(argc, argv, options)) {
    std::fputs("usage: clew-bench-query [--spans N] [--write-rate N] [--share F] [--dir DIR]\n",
               stderr);
    return 2;
  }
  return clew::bench::RunInDir(options);
}
