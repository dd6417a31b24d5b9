#include "collector/admin_socket.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "admin/service/admin_service.h"
#include "admin/service/socket.h"
#include "collector/rpc/listen.h"

namespace clew::collector {
namespace {

// For all threads: what they create meanwhile is for the owner only, which does no harm.
class OwnerOnly {
 public:
  OwnerOnly() : before_(::umask(077)) {}
  ~OwnerOnly() { ::umask(before_); }
  OwnerOnly(const OwnerOnly&) = delete;
  OwnerOnly& operator=(const OwnerOnly&) = delete;

 private:
  const mode_t before_;
};

class Socket final : public AdminSocket {
 public:
  Socket(admin::SocketPlace place, std::unique_ptr<grpc::Service> service)
      : place_(std::move(place)), service_(std::move(service)) {}
  ~Socket() override { Shutdown(); }

  Status Listen() {
    // gRPC would, too; but it does not say what is in its way when that is no socket.
    if (::unlink(place_.path().c_str()) != 0 && errno != ENOENT) {
      return ErrnoError("remove what is in its place", "", errno);
    }
    const OwnerOnly mask;  // from its first moment on nobody else may connect
    auto listening = rpc::Listen({.address = place_.address()}, *service_);
    if (!listening) return listening.error();
    server_ = std::move(listening->server);
    constexpr mode_t kMode = 0600;
    if (::chmod(place_.path().c_str(), kMode) != 0) return ErrnoError("set its mode", "", errno);
    return {};
  }

  void Shutdown() override {
    if (!server_) return;
    server_->Shutdown(std::chrono::system_clock::now());  // the operations see that they are ended
    server_.reset();
    ::unlink(place_.path().c_str());
  }

 private:
  const admin::SocketPlace place_;
  const std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<grpc::Server> server_;  // uses both
};

}  // namespace

Result<std::unique_ptr<AdminSocket>> StartAdminSocket(const std::string& data_dir,
                                                      store::Administration& store) {
  auto place = admin::SocketPlace::Open(data_dir);
  if (!place) return place.error();
  auto socket = std::make_unique<Socket>(*std::move(place), admin::MakeAdminService(store));
  if (const Status listening = socket->Listen(); !listening) {
    return Error{listening.error().code, "create the socket " + data_dir + "/" +
                                             admin::kSocketName + ": " + listening.error().message};
  }
  return std::unique_ptr<AdminSocket>(std::move(socket));
}

}  // namespace clew::collector
