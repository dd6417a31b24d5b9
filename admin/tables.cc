#include <fmt/format.h>

#include <algorithm>

#include "admin/output.h"
#include "cli/render/style.h"
#include "cli/render/table.h"
#include "cli/render/text.h"
#include "cli/render/units.h"

namespace clew::admin {
namespace {

using cli::HumanBytes;
using cli::HumanCount;
using cli::HumanTime;
using cli::Plural;
using cli::Sanitize;

std::string Line(const char* name, const std::string& value) {
  return fmt::format("{:<14}{}\n", name, value);
}

// "2025-11-23 06:00Z"
std::string Minutes(UnixNanos time) {
  constexpr std::size_t kMinutes = sizeof("2025-11-23 06:00") - 1;
  return HumanTime(time).substr(0, kMinutes) + "Z";
}

std::string Seconds(UnixNanos time) {
  constexpr std::size_t kSeconds = sizeof("2025-11-23 06:33:00") - 1;
  return HumanTime(time).substr(0, kSeconds) + "Z";
}

}  // namespace

UnixNanos HourOf(std::uint32_t bucket) {
  constexpr auto kLast =
      std::chrono::duration_cast<std::chrono::hours>(UnixNanos::max().time_since_epoch());
  return UnixNanos(std::min(std::chrono::hours(bucket), kLast));
}

std::string DamageLine(const store::Damage& damage) {
  return Sanitize(damage.place) + ": " + Sanitize(damage.problem) + "\n";
}

std::string CheckText(const store::CheckReport& report, const std::vector<std::string>& remedies) {
  std::string out = report.damages == 0 ? "ok: " : Plural(report.damages, "damage") + "; ";
  out += "read " + Plural(report.spans, "span") + " of " + Plural(report.segments, "segment") +
         ", " + Plural(report.traces, "sealed trace") + ", " + HumanBytes(report.bytes) + " in " +
         Plural(report.files, "table") + "\n";
  for (const std::string& remedy : remedies) out += "  " + Sanitize(remedy) + "\n";
  return out;
}

std::string DetailsText(const store::StoreDetails& details) {
  std::string out = Line("format", std::to_string(details.format));
  out += Line("spans", HumanCount(details.spans) + ", " + HumanCount(details.hot_spans) +
                           " of them not sealed yet");
  out += Line("traces", HumanCount(details.traces));
  out += Line("services", HumanCount(details.services));
  out += Line("segments", HumanCount(details.segments));
  if (details.spans > 0) {
    out += Line("traces from", Seconds(details.oldest));
    out += Line("to", Seconds(details.newest));
  }
  if (details.seal_lag) {
    out +=
        Line("seal lag", cli::HumanDuration(static_cast<std::uint64_t>(details.seal_lag->count())) +
                             " at most, since the collector started");
  }
  out += Line("log", HumanBytes(details.log_bytes));
  out += Line("disk free", HumanBytes(details.disk_free_bytes));
  const cli::Style style;
  std::vector<std::vector<cli::TableCell>> rows;
  for (const auto& family : details.families) {
    rows.push_back(
        {{Sanitize(family.name)}, {HumanCount(family.files)}, {HumanBytes(family.bytes)}});
  }
  out += "\n" + cli::DrawTable({{"FAMILY"}, {"TABLES", true}, {"BYTES", true}}, rows, style);
  if (details.buckets.empty()) return out;
  rows.clear();
  for (const auto& bucket : details.buckets) {
    rows.push_back({{Minutes(HourOf(bucket.bucket))},
                    {HumanCount(bucket.segments)},
                    {HumanCount(bucket.spans)},
                    {HumanBytes(bucket.bytes)},
                    {Seconds(bucket.min_start)},
                    {Seconds(bucket.max_start)}});
  }
  return out + "\n" +
         cli::DrawTable({{"SEALED IN"},
                         {"SEGMENTS", true},
                         {"SPANS", true},
                         {"BYTES", true},
                         {"TRACES FROM"},
                         {"TO"}},
                        rows, style);
}

std::string BackupText(const store::BackupReport& report) {
  std::string out = "backup of " + Plural(report.spans, "span") + " in " + Sanitize(report.path) +
                    ": " + Plural(report.files, "file") + ", " + HumanBytes(report.bytes) +
                    ", read back and checked\n";
  if (report.linked) {
    out +=
        "It shares its tables with the store, on the same disk: copy it elsewhere to be safe from "
        "the loss of that.\n";
  }
  return out;
}

std::string RestoreText(const store::RestoreReport& report, const std::string& directory) {
  std::string out = "restored " + Plural(report.spans, "span") + " to " + Sanitize(directory) +
                    ": " + Plural(report.files, "file") + ", " + HumanBytes(report.bytes) +
                    ", read back and checked\n";
  if (!report.replaced.empty()) {
    out += "What was there before is in " + Sanitize(report.replaced) + "\n";
  }
  return out;
}

std::string CompactText(const store::CompactReport& report) {
  return "tables: " + HumanBytes(report.bytes_before) + " before, " +
         HumanBytes(report.bytes_after) + " after\n";
}

std::string RetentionText(const store::RetentionReport& report, bool dry_run) {
  const std::string verb = dry_run ? "would drop " : "dropped ";
  const auto line = [&verb](const auto& gone, const std::string& why) {
    if (gone.spans == 0) return std::string();
    return verb + Plural(gone.spans, "span") + " of " + Plural(gone.traces, "trace") + ", " +
           HumanBytes(gone.bytes) + ": " + why + "\n";
  };
  const std::string out =
      line(report, "whole hours, of traces begun until " + Seconds(report.newest_start)) +
      line(report.sampled, "by tier, neither with errors, nor slow, nor of the sample") +
      line(report.without_errors, "by tier, without errors");
  if (!out.empty()) return out;
  return dry_run ? "nothing would go\n" : "nothing was to go\n";
}

}  // namespace clew::admin
