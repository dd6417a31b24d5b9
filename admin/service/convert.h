// Reports of the store, to messages of the service and back. What comes back is another process's
// word: any numbers, any text.
#pragma once

#include "admin/v1/admin.pb.h"
#include "store/admin/reports.h"
#include "store/admin/watch.h"
#include "store/rocks_store.h"

namespace clew::admin {

v1::Progress ToProto(const store::Progress& progress);
v1::Damage ToProto(const store::Damage& damage);
v1::CheckReport ToProto(const store::CheckReport& report);
v1::GetDetailsResponse ToProto(const store::StoreDetails& details);
v1::BackupReport ToProto(const store::BackupReport& report);
v1::CompactReport ToProto(const store::CompactReport& report);
v1::Policy ToProto(const store::RetentionPolicy& policy);
v1::RetentionReport ToProto(const store::RetentionReport& report);

store::Progress FromProto(const v1::Progress& progress);
store::Damage FromProto(const v1::Damage& damage);
store::CheckReport FromProto(const v1::CheckReport& report);
store::StoreDetails FromProto(const v1::GetDetailsResponse& details);
store::BackupReport FromProto(const v1::BackupReport& report);
store::CompactReport FromProto(const v1::CompactReport& report);
// Ages beyond a million hours count as that, percentages beyond 100 as that.
store::RetentionPolicy FromProto(const v1::Policy& policy);
store::RetentionReport FromProto(const v1::RetentionReport& report);

}  // namespace clew::admin
