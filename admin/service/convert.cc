#include "admin/service/convert.h"

#include <algorithm>

namespace clew::admin {
namespace {

std::chrono::hours Hours(std::uint64_t hours) {
  constexpr std::uint64_t kMost = 1'000'000;
  return std::chrono::hours(std::min(hours, kMost));
}

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

v1::RetentionReport::Tier ToProto(const store::RetentionReport::Tier& tier) {
  v1::RetentionReport::Tier out;
  out.set_spans(tier.spans);
  out.set_traces(tier.traces);
  out.set_bytes(tier.bytes);
  return out;
}

store::RetentionReport::Tier FromProto(const v1::RetentionReport::Tier& tier) {
  return {.spans = tier.spans(), .traces = tier.traces(), .bytes = tier.bytes()};
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

v1::RetentionReport ToProto(const store::RetentionReport& report) {
  v1::RetentionReport out;
  out.set_segments(report.segments);
  out.set_spans(report.spans);
  out.set_traces(report.traces);
  out.set_bytes(report.bytes);
  out.set_newest_start_unix_nano(ToUint64(report.newest_start));
  *out.mutable_sampled() = ToProto(report.sampled);
  *out.mutable_without_errors() = ToProto(report.without_errors);
  out.set_rewritten(report.rewritten);
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
  out.set_keep_all_hours(static_cast<std::uint64_t>(policy.keep_all.count()));
  out.set_keep_sample_hours(static_cast<std::uint64_t>(policy.keep_sample.count()));
  out.set_sample_percent(policy.sample_percent);
  out.set_slow_nanos(static_cast<std::uint64_t>(policy.slow.count()));
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

store::RetentionReport FromProto(const v1::RetentionReport& report) {
  return {.segments = report.segments(),
          .spans = report.spans(),
          .traces = report.traces(),
          .bytes = report.bytes(),
          .newest_start = Time(report.newest_start_unix_nano()),
          .sampled = FromProto(report.sampled()),
          .without_errors = FromProto(report.without_errors()),
          .rewritten = report.rewritten()};
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
  return {.max_age = Hours(policy.max_age_hours()),
          .max_bytes = policy.max_bytes(),
          .min_free_bytes = policy.min_free_bytes(),
          .keep_all = Hours(policy.keep_all_hours()),
          .keep_sample = Hours(policy.keep_sample_hours()),
          .sample_percent = std::min(policy.sample_percent(), 100u),
          .slow = Time(policy.slow_nanos()).time_since_epoch()};
}

}  // namespace clew::admin
