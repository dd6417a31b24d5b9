// Serves the administration of the store on the unix socket in its directory.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "store/admin/administration.h"

namespace clew::collector {

class AdminSocket {
 public:
  virtual ~AdminSocket() = default;
  // Ends what is being done for others, and removes the socket.
  virtual void Shutdown() = 0;
};

// The caller has the store open, so that nobody else serves the directory: a socket that is there
// was left by a dead collector, and is replaced. Mode 0600. `store` must outlive the socket.
Result<std::unique_ptr<AdminSocket>> StartAdminSocket(const std::string& data_dir,
                                                      store::Administration& store);

}  // namespace clew::collector
