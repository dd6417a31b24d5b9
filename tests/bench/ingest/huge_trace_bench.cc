// One trace of a million spans: sent to a real collector, streamed out of it by id and by prefix,
// and read by a real tracectl; how much memory each of them takes for it. Human lines first; the
// last line is one JSON object.
//
//   clew-bench-huge-trace [--spans N] [--text-bytes N] [--shuffled yes]
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <future>
#include <numeric>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "collector_process.h"
#include "huge_trace.h"
#include "reader_process.h"
#include "sender.h"
#include "trace_stream.h"

namespace clew::bench {
namespace {

constexpr std::uint64_t kGroupsPerRequest = 64;  // 512 spans, as an SDK's or a collector's batch
constexpr std::uint64_t kRequestsPerRound = 64;  // made while the round before is being sent
constexpr int kChannels = 2;
constexpr int kInFlight = 8;

struct Options {
  std::uint64_t spans = 1'000'000;
  std::size_t text_bytes = 0;
  bool shuffled = false;  // groups come in an order that has nothing to do with their starts
};

bool ParseOptions(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 >= argc) return false;
    const std::string_view flag = argv[i];
    const char* const text = argv[i + 1];
    const auto parse = [text](auto& value) {
      return std::from_chars(text, text + std::strlen(text), value).ec == std::errc{};
    };
    if (flag == "--shuffled") {
      options.shuffled = std::strcmp(text, "yes") == 0;
    } else if (!(flag == "--spans" && parse(options.spans) && options.spans > 0) &&
               !(flag == "--text-bytes" && parse(options.text_bytes))) {
      return false;
    }
  }
  return true;
}

int Fail(const std::string& message) {
  std::fprintf(stderr, "clew-bench-huge-trace: %s\n", message.c_str());
  return 1;
}

// In which order the groups are sent: the root's last, since a span is sent when it ends.
class SendOrder {
 public:
  SendOrder(std::uint64_t groups, bool shuffled) : groups_(groups) {
    constexpr std::uint64_t kPrime = 1'000'003;  // a step that meets every group once
    step_ = shuffled && std::gcd(kPrime, groups) == 1 ? kPrime : 1;
  }
  std::uint64_t At(std::uint64_t place) const { return (place + 1) % groups_ * step_ % groups_; }

 private:
  const std::uint64_t groups_;
  std::uint64_t step_ = 1;
};

std::vector<std::string> MakeRequests(const HugeTrace& trace, const SendOrder& order,
                                      std::uint64_t first) {
  std::vector<std::string> requests;
  const std::uint64_t last =
      std::min(first + kGroupsPerRequest * kRequestsPerRound, trace.groups());
  while (first < last) {
    std::vector<WorkTrace> groups;
    while (first < last && groups.size() < kGroupsPerRequest) {
      groups.push_back(trace.Group(order.At(first++)));
    }
    requests.push_back(Workload::Request(groups));
  }
  return requests;
}

// Seconds of sending; what is sent is never held as a whole.
Result<double> Ingest(const CollectorProcess& collector, const HugeTrace& trace,
                      const SendOrder& order) {
  constexpr std::uint64_t kRound = kGroupsPerRequest * kRequestsPerRound;
  Sender sender(collector.otlp(), kChannels);
  double seconds = 0;
  auto next = std::async(std::launch::async, MakeRequests, std::cref(trace), order, 0);
  for (std::uint64_t first = 0; first < trace.groups(); first += kRound) {
    const std::vector<std::string> requests = next.get();
    if (first + kRound < trace.groups()) {
      next = std::async(std::launch::async, MakeRequests, std::cref(trace), order, first + kRound);
    }
    const SendResult sent = sender.Send(requests, kInFlight);
    if (!sent.first_error.empty()) return Error{Code::kInternal, sent.first_error};
    seconds += sent.seconds;
  }
  return seconds;
}

// How much memory tracectl takes for the trace in each of its formats. A drawing ends at 100,000
// spans, and says so by its exit status.
Result<std::string> MeasureReaders(const std::string& bin, const CollectorProcess& collector,
                                   const HugeTrace& trace) {
  constexpr std::uint64_t kMostDrawn = 100'000;
  constexpr int kPartial = 5;
  std::string figures;
  for (const std::string format : {"otlp", "jsonl", "table"}) {
    const auto read = RunReader({bin + "/tracectl", "trace", trace.id().ToHex(), "-o", format,
                                 "--server", collector.query(), "--timeout", "60s"});
    if (!read) return read.error();
    fmt::print("tracectl  -o {}: {:.1f} s, {} bytes in {} lines, {:.0f} MB\n", format,
               read->seconds, read->bytes, read->lines, read->peak_rss_mb);
    figures +=
        fmt::format("{}\"{}\":{:.0f}", figures.empty() ? "" : ",", format, read->peak_rss_mb);
    const bool whole = format != "table" || trace.spans() <= kMostDrawn;
    if (read->exit_status != (whole ? 0 : kPartial)) {
      return Error{Code::kInternal, "tracectl -o " + format + " ended with status " +
                                        std::to_string(read->exit_status)};
    }
    if (format == "jsonl" && read->lines != trace.spans()) {
      return Error{Code::kInternal, "tracectl -o jsonl has not a line for each span"};
    }
  }
  return figures;
}

int Run(const Options& options) {
  const std::string bin = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  const HugeTrace trace(1, ToUint64(UnixClock::now()), options.spans, options.text_bytes);
  const SendOrder order(trace.groups(), options.shuffled);
  auto collector = CollectorProcess::Start(bin + "/clew-collector", {});
  if (!collector) return Fail(collector.error().message);

  const auto ingest_s = Ingest(**collector, trace, order);
  if (!ingest_s) return Fail("a request was not accepted: " + ingest_s.error().message);
  const double rss_ingest = (*collector)->PeakRssMb();
  fmt::print("taken in  {} spans of one trace in {:.1f} s, {:.0f} spans/s, {:.0f} MB\n",
             trace.spans(), *ingest_s, static_cast<double>(trace.spans()) / *ingest_s, rss_ingest);

  if (const Status reset = (*collector)->ResetPeakRss(); !reset) return Fail(reset.error().message);
  const auto by_id = StreamTrace((*collector)->query(), trace.id().ToHex(), nullptr);
  if (!by_id) return Fail(by_id.error().message);
  const double rate = static_cast<double>(by_id->spans) / by_id->seconds;
  fmt::print("by id     {} spans in {:.1f} s, {:.0f} spans/s, {:.0f} MB\n", by_id->spans,
             by_id->seconds, rate, (*collector)->PeakRssMb());

  SentSpans sent(trace);
  const auto by_prefix = StreamTrace((*collector)->query(), trace.id().ToHex().substr(0, 8), &sent);
  if (!by_prefix) return Fail(by_prefix.error().message);
  const double rss_stream = (*collector)->PeakRssMb();
  fmt::print("by prefix {} spans compared, {} lost, {} changed or doubled, {:.0f} MB\n",
             by_prefix->spans, sent.left(), by_prefix->unknown, rss_stream);

  const auto readers = MeasureReaders(bin, **collector, trace);
  if (!readers) return Fail(readers.error().message);
  if (const Status stopped = (*collector)->Stop(); !stopped) return Fail(stopped.error().message);
  const bool in_order = by_id->in_order && by_prefix->in_order;
  fmt::print(
      "{{\"spans\":{},\"ingest_s\":{:.1f},\"stream_s\":{:.1f},\"spans_per_s\":{:.0f},"
      "\"rss_mb_ingest\":{:.0f},\"rss_mb_stream\":{:.0f},\"in_order\":{},\"lost\":{},"
      "\"tracectl_rss_mb\":{{{}}}}}\n",
      trace.spans(), *ingest_s, by_id->seconds, rate, rss_ingest, rss_stream, in_order, sent.left(),
      *readers);
  const bool whole = by_id->spans == trace.spans() && sent.left() == 0 && by_prefix->unknown == 0;
  return whole && in_order ? 0 : 1;
}

}  // namespace
}  // namespace clew::bench

int main(int argc, char** argv) {
  clew::bench::Options options;
  if (!clew::bench::ParseOptions(argc, argv, options)) {
    std::fputs("usage: clew-bench-huge-trace [--spans N] [--text-bytes N] [--shuffled yes]\n",
               stderr);
    return 2;
  }
  return clew::bench::Run(options);
}
