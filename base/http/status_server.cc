#include "base/http/status_server.h"

#include <microhttpd.h>
#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace clew::http {
namespace {

constexpr unsigned kMaxConnections = 64;
constexpr unsigned kIdleSeconds = 10;
constexpr std::size_t kMemoryPerConnection = 16 * 1024;  // a request head; bodies are not read

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

// Splits HOST:PORT ([::1]:80 too) and resolves it; numeric hosts only, so that it never blocks.
Result<AddressList> Resolve(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return Error{Code::kInvalid, listen + " is not HOST:PORT"};
  std::string host = listen.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int status = ::getaddrinfo(host.c_str(), listen.c_str() + colon + 1, &hints, &found);
  if (status != 0) {
    return Error{Code::kInvalid, "listen on " + listen + ": " + ::gai_strerror(status)};
  }
  return AddressList(found, &::freeaddrinfo);
}

class Server final : public StatusServer {
 public:
  explicit Server(StatusServerOptions options) : options_(std::move(options)) {}
  ~Server() override {
    if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
  }

  Status Start() {
    const auto resolved = Resolve(options_.listen);
    if (!resolved) return resolved.error();
    const addrinfo& to = **resolved;
    const unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | (to.ai_family == AF_INET6 ? MHD_USE_IPv6 : 0);
    errno = 0;
    daemon_ = MHD_start_daemon(flags, 0, nullptr, nullptr, &Server::OnRequest, this,
                               MHD_OPTION_SOCK_ADDR, to.ai_addr,                          //
                               MHD_OPTION_CONNECTION_LIMIT, kMaxConnections,              //
                               MHD_OPTION_CONNECTION_TIMEOUT, kIdleSeconds,               //
                               MHD_OPTION_CONNECTION_MEMORY_LIMIT, kMemoryPerConnection,  //
                               MHD_OPTION_END);
    if (daemon_ == nullptr) {
      const int why = errno != 0 ? errno : EADDRINUSE;
      return Error{Code::kUnavailable, ErrnoError("listen on", options_.listen, why).message};
    }
    const MHD_DaemonInfo* const info = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_BIND_PORT);
    address_ =
        options_.listen.substr(0, options_.listen.rfind(':') + 1) + std::to_string(info->port);
    return {};
  }

  const std::string& address() const override { return address_; }

 private:
  struct Answer {
    unsigned status = MHD_HTTP_OK;
    const char* type = "text/plain; charset=utf-8";
    std::string body;
  };

  static MHD_Result OnRequest(void* self, MHD_Connection* connection, const char* url,
                              const char* method, const char*, const char*, std::size_t*, void**) {
    const Answer answer = static_cast<Server*>(self)->AnswerTo(method, url);
    MHD_Response* const response = MHD_create_response_from_buffer(
        answer.body.size(), const_cast<char*>(answer.body.data()), MHD_RESPMEM_MUST_COPY);
    if (response == nullptr) return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer.type);
    const MHD_Result queued = MHD_queue_response(connection, answer.status, response);
    MHD_destroy_response(response);
    return queued;
  }

  Answer AnswerTo(std::string_view method, std::string_view url) const {
    if (method != "GET" && method != "HEAD") {
      return {MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain", "only GET\n"};
    }
    if (url == "/metrics") {
      return {MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", options_.metrics()};
    }
    if (url == "/healthz" || url == "/readyz") {
      std::string why = options_.trouble();
      if (why.empty() && url == "/readyz" && options_.unready) why = options_.unready();
      if (why.empty()) return {MHD_HTTP_OK, "text/plain", "ok\n"};
      return {MHD_HTTP_SERVICE_UNAVAILABLE, "text/plain", why + "\n"};
    }
    return {MHD_HTTP_NOT_FOUND, "text/plain", "/metrics, /healthz or /readyz\n"};
  }

  const StatusServerOptions options_;
  MHD_Daemon* daemon_ = nullptr;
  std::string address_;
};

}  // namespace

Result<std::unique_ptr<StatusServer>> StartStatusServer(StatusServerOptions options) {
  auto server = std::make_unique<Server>(std::move(options));
  if (const Status started = server->Start(); !started) return started.error();
  return std::unique_ptr<StatusServer>(std::move(server));
}

}  // namespace clew::http
