// Takes OTLP/gRPC exports, acknowledges each at once and counts the spans; stores nothing. For
// benchmarks in which a collector on the same two cores would take the load generator's time: in
// production it runs on another machine.
//
// usage: clew-bench-otlp-sink OTLP_PORT COUNT_PORT
// Every connection to COUNT_PORT is sent the number of spans so far as a decimal line, and closed.
#include <arpa/inet.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <protozero/pbf_reader.hpp>
#include <string>
#include <string_view>

namespace {

std::atomic<std::uint64_t> span_count{0};

// Spans of one ExportTraceServiceRequest: resource_spans 1, scope_spans 2, spans 2. Throws
// protozero's exceptions.
std::uint64_t CountSpans(std::string_view message) {
  std::uint64_t count = 0;
  protozero::pbf_reader request{message.data(), message.size()};
  while (request.next(1)) {
    protozero::pbf_reader resource_spans = request.get_message();
    while (resource_spans.next(2)) {
      protozero::pbf_reader scope_spans = resource_spans.get_message();
      while (scope_spans.next(2)) {
        scope_spans.skip();
        ++count;
      }
    }
  }
  return count;
}

std::string Flatten(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string all;
  if (buffer.Dump(&slices).ok()) {
    for (const grpc::Slice& slice : slices)
      all.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return all;
}

// One call: reads the request, answers with an empty ExportTraceServiceResponse, deletes itself
// when done.
class Export final : public grpc::ServerGenericBidiReactor {
 public:
  Export() { StartRead(&request_); }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no message"));
    try {
      span_count += CountSpans(Flatten(request_));
    } catch (const protozero::exception& error) {
      return Finish(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, error.what()));
    }
    StartWriteAndFinish(&response_, {}, grpc::Status::OK);
  }
  void OnDone() override { delete this; }

  grpc::ByteBuffer request_;
  grpc::Slice empty_;
  grpc::ByteBuffer response_{&empty_, 1};
};

class Service final : public grpc::CallbackGenericService {
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    return new Export;
  }
};

// Serves the count until the process is killed. Returns when the port cannot be had.
void ServeCount(std::uint16_t port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener, 16) != 0)
    return;
  for (;;) {
    const int fd = accept(listener, nullptr, nullptr);
    if (fd < 0) continue;
    const std::string line = std::to_string(span_count.load()) + "\n";
    if (send(fd, line.data(), line.size(), MSG_NOSIGNAL) < 0)
      std::cerr << "the count was not taken\n";
    close(fd);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: " << argv[0] << " OTLP_PORT COUNT_PORT\n";
    return 2;
  }
  Service service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(std::string("127.0.0.1:") + argv[1], grpc::InsecureServerCredentials());
  builder.SetMaxReceiveMessageSize(64 << 20);
  builder.RegisterCallbackGenericService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (!server) return 1;
  ServeCount(static_cast<std::uint16_t>(std::atoi(argv[2])));
  std::cerr << "cannot listen on " << argv[2] << "\n";
  return 1;
}
