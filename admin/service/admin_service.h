// clew.admin.v1.AdminService over a store; see proto/admin/v1/admin.proto for what it promises.
#pragma once

#include <grpcpp/impl/codegen/service_type.h>

#include <memory>

#include "store/admin/administration.h"

namespace clew::admin {

// `store` must outlive the service.
std::unique_ptr<grpc::Service> MakeAdminService(store::Administration& store);

}  // namespace clew::admin
