#include "admin/service/convert.h"

#include <algorithm>

namespace clew::admin {
namespace {

constexpr std::uint64_t kMaxHours = 1'000'000;

// A time below 2^63, as all of the store's are.
UnixNanos Time(std::uint64_t nanos) { return UnixNanosFrom(nanos >> 63 == 0 ? nanos : 0); }

v1::GetDetailsResponse::Family ToProto(const store::FamilyDetails& family) {
  v1::GetDetailsResponse::Family out;
  out.set_name(family.name);
  out.set_files(family.files);
  out.set_bytes(family.bytes);
  return out;
}

v1::GetDetailsResponse::Bucket ToProto(const store::BucketDetails& bucket) {
  v1::GetDetailsResponse::Bucket out;
  out.set_bucket(bucket.bucket);
  out.set_segments(bucket.segments);
  out.set_spans(bucket.spans);
  out.set_bytes(bucket.bytes);
  out.set_min_start_unix_nano(ToUint64(bucket.min_start));
  out.set_max_start_unix_nano(ToUint64(bucket.max_start));
  return out;
}

store::FamilyDetails FromProto(const v1::GetDetailsResponse::Family& family) {
  return {.name = family.name(), .files = family.files(), .bytes = family.bytes()};
}

store::BucketDetails FromProto(const v1::GetDetailsResponse::Bucket& bucket) {
  return {.bucket = bucket.bucket(),
          .segments = bucket.segments(),
          .spans = bucket.spans(),
          .bytes = bucket.bytes(),
          .min_start = Time(bucket.min_start_unix_nano()),
          .max_start = Time(bucket.max_start_unix_nano())};
}

}  // namespace

v1::Progress ToProto(const store::Progress& progress) {
  v1::Progress out;
  out.set_what(progress.what);
  out.set_done(progress.done);
  out.set_total(progress.total);
  return out;
}

v1::Damage ToProto(const store::Damage& damage) {
  v1::Damage out;
  out.set_place(damage.place);
  out.set_problem(damage.problem);
  out.set_remedy(damage.remedy);
  return out;
}

v1::CheckReport ToProto(const store::CheckReport& report) {
  v1::CheckReport out;
  out.set_files(report.files);
  out.set_bytes(report.bytes);
  out.set_segments(report.segments);
  out.set_spans(report.spans);
  out.set_traces(report.traces);
  out.set_damages(report.damages);
  return out;
}

v1::BackupReport ToProto(const store::BackupReport& report) {
  v1::BackupReport out;
  out.set_path(report.path);
  out.set_files(report.files);
  out.set_bytes(report.bytes);
  out.set_spans(report.spans);
  out.set_linked(report.linked);
  return out;
}

v1::CompactReport ToProto(const store::CompactReport& report) {
  v1::CompactReport out;
  out.set_bytes_before(report.bytes_before);
  out.set_bytes_after(report.bytes_after);
  return out;
}

v1::RetainResponse ToProto(const store::RetentionReport& report) {
  v1::RetainResponse out;
  out.set_segments(report.segments);
  out.set_spans(report.spans);
  out.set_traces(report.traces);
  out.set_bytes(report.bytes);
  out.set_newest_start_unix_nano(ToUint64(report.newest_start));
  return out;
}

v1::GetDetailsResponse ToProto(const store::StoreDetails& details) {
  v1::GetDetailsResponse out;
  out.set_format(details.format);
  out.set_spans(details.spans);
  out.set_traces(details.traces);
  out.set_hot_spans(details.hot_spans);
  out.set_services(details.services);
  out.set_segments(details.segments);
  out.set_log_bytes(details.log_bytes);
  out.set_disk_free_bytes(details.disk_free_bytes);
  out.set_oldest_unix_nano(ToUint64(details.oldest));
  out.set_newest_unix_nano(ToUint64(details.newest));
  for (const auto& family : details.families) *out.add_families() = ToProto(family);
  for (const auto& bucket : details.buckets) *out.add_buckets() = ToProto(bucket);
  const auto lag = details.seal_lag.value_or(std::chrono::nanoseconds(0));
  out.set_seal_lag_nanos(static_cast<std::uint64_t>(lag.count()));
  return out;
}

v1::Policy ToProto(const store::RetentionPolicy& policy) {
  v1::Policy out;
  out.set_max_age_hours(static_cast<std::uint64_t>(policy.max_age.count()));
  out.set_max_bytes(policy.max_bytes);
  out.set_min_free_bytes(policy.min_free_bytes);
  return out;
}

store::Progress FromProto(const v1::Progress& progress) {
  return {.what = progress.what(), .done = progress.done(), .total = progress.total()};
}

store::Damage FromProto(const v1::Damage& damage) {
  return {.place = damage.place(), .problem = damage.problem(), .remedy = damage.remedy()};
}

store::CheckReport FromProto(const v1::CheckReport& report) {
  return {.files = report.files(),
          .bytes = report.bytes(),
          .segments = report.segments(),
          .spans = report.spans(),
          .traces = report.traces(),
          .damages = report.damages()};
}

store::BackupReport FromProto(const v1::BackupReport& report) {
  return {.path = report.path(),
          .files = report.files(),
          .bytes = report.bytes(),
          .spans = report.spans(),
          .linked = report.linked()};
}

store::CompactReport FromProto(const v1::CompactReport& report) {
  return {.bytes_before = report.bytes_before(), .bytes_after = report.bytes_after()};
}

store::RetentionReport FromProto(const v1::RetainResponse& report) {
  return {.segments = report.segments(),
          .spans = report.spans(),
          .traces = report.traces(),
          .bytes = report.bytes(),
          .newest_start = Time(report.newest_start_unix_nano())};
}

store::StoreDetails FromProto(const v1::GetDetailsResponse& details) {
  store::StoreDetails out;
  out.format = details.format();
  out.spans = details.spans();
  out.traces = details.traces();
  out.hot_spans = details.hot_spans();
  out.services = details.services();
  out.segments = details.segments();
  out.log_bytes = details.log_bytes();
  out.disk_free_bytes = details.disk_free_bytes();
  out.oldest = Time(details.oldest_unix_nano());
  out.newest = Time(details.newest_unix_nano());
  for (const auto& family : details.families()) out.families.push_back(FromProto(family));
  for (const auto& bucket : details.buckets()) out.buckets.push_back(FromProto(bucket));
  out.seal_lag = Time(details.seal_lag_nanos()).time_since_epoch();
  return out;
}

store::RetentionPolicy FromProto(const v1::Policy& policy) {
  const std::uint64_t hours = std::min(policy.max_age_hours(), kMaxHours);
  return {.max_age = std::chrono::hours(hours),
          .max_bytes = policy.max_bytes(),
          .min_free_bytes = policy.min_free_bytes()};
}

}  // namespace clew::admin
