#include "admin/output.h"
#include "cli/render/json_dump.h"

namespace clew::admin {
namespace {

using cli::Json;

std::string Pretty(const Json& json) { return cli::Dump(json, {}); }
std::string OneLine(const Json& json) {
  std::string line = cli::Dump(json, {.pretty = false});
  line.pop_back();  // its line break
  return line;
}

}  // namespace

std::string CheckJson::Begin() const { return "{\"schema\": \"clew.check/v1\", \"damages\": ["; }

std::string CheckJson::Add(const store::Damage& damage) {
  const std::string before = first_ ? "\n  " : ",\n  ";
  first_ = false;
  return before +
         OneLine({{"place", damage.place}, {"problem", damage.problem}, {"remedy", damage.remedy}});
}

std::string CheckJson::End(const store::CheckReport& report) const {
  const Json json = {{"damage_count", report.damages}, {"spans", report.spans},
                     {"segments", report.segments},    {"traces", report.traces},
                     {"files", report.files},          {"bytes", report.bytes}};
  return std::string(first_ ? "" : "\n") + "], \"read\": " + OneLine(json) + "}\n";
}

std::string DetailsJson(const store::StoreDetails& details) {
  Json json = {{"schema", "clew.store/v1"},
               {"format", details.format},
               {"spans", details.spans},
               {"traces", details.traces},
               {"hot_spans", details.hot_spans},
               {"services", details.services},
               {"segments", details.segments},
               {"log_bytes", details.log_bytes},
               {"disk_free_bytes", details.disk_free_bytes}};
  if (details.spans > 0) {
    cli::PutTime(json, "oldest", ToUint64(details.oldest));
    cli::PutTime(json, "newest", ToUint64(details.newest));
  }
  if (details.seal_lag) json["seal_lag_nanos"] = details.seal_lag->count();
  json["families"] = Json::array();
  for (const auto& family : details.families) {
    json["families"].push_back(
        {{"name", family.name}, {"files", family.files}, {"bytes", family.bytes}});
  }
  json["buckets"] = Json::array();
  for (const auto& bucket : details.buckets) {
    Json entry = {{"segments", bucket.segments}, {"spans", bucket.spans}, {"bytes", bucket.bytes}};
    cli::PutTime(entry, "sealed_in_hour", ToUint64(HourOf(bucket.bucket)));
    cli::PutTime(entry, "min_start", ToUint64(bucket.min_start));
    cli::PutTime(entry, "max_start", ToUint64(bucket.max_start));
    json["buckets"].push_back(std::move(entry));
  }
  return Pretty(json);
}

std::string BackupJson(const store::BackupReport& report) {
  return Pretty({{"schema", "clew.backup/v1"},
                 {"path", report.path},
                 {"files", report.files},
                 {"bytes", report.bytes},
                 {"spans", report.spans},
                 {"linked", report.linked}});
}

std::string RestoreJson(const store::RestoreReport& report, const std::string& directory) {
  Json json = {{"schema", "clew.restore/v1"},
               {"data_dir", directory},
               {"files", report.files},
               {"bytes", report.bytes},
               {"spans", report.spans}};
  if (!report.replaced.empty()) json["replaced"] = report.replaced;
  return Pretty(json);
}

std::string CompactJson(const store::CompactReport& report) {
  return Pretty({{"schema", "clew.compact/v1"},
                 {"bytes_before", report.bytes_before},
                 {"bytes_after", report.bytes_after}});
}

std::string RetentionJson(const store::RetentionReport& report, bool dry_run) {
  Json json = {{"schema", "clew.retention/v1"}, {"dry_run", dry_run},
               {"segments", report.segments},   {"spans", report.spans},
               {"traces", report.traces},       {"bytes", report.bytes}};
  if (report.segments > 0) cli::PutTime(json, "newest_start", ToUint64(report.newest_start));
  const auto tier = [](const store::RetentionReport::Tier& gone) {
    return Json{{"spans", gone.spans}, {"traces", gone.traces}, {"bytes", gone.bytes}};
  };
  json["not_in_sample"] = tier(report.sampled);
  json["without_errors"] = tier(report.without_errors);
  json["rewritten_segments"] = report.rewritten;
  return Pretty(json);
}

}  // namespace clew::admin
