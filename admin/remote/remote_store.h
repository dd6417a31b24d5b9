// A store that a collector has open, asked over its unix socket.
#pragma once

#include <memory>
#include <string>

#include "store/admin/administration.h"

namespace clew::admin {

// Nothing (null) when no collector serves the directory now, also when one has died and left its
// socket. kDenied: it is another user's.
Result<std::unique_ptr<store::Administration>> ConnectToCollector(const std::string& data_dir);

}  // namespace clew::admin
