// Sends export requests over several channels, a fixed number of them under way at any time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace clew::bench {

struct SendResult {
  double seconds = 0;
  std::vector<std::uint8_t>
      acked;  // by request: 1 when it was answered with OK and no rejected span
  std::vector<double> ack_seconds;  // of those
  std::string first_error;
};

// Its channels stay open from one sending to the next.
class Sender {
 public:
  Sender(const std::string& address, int channels);
  ~Sender();
  // Ends early when a request fails: the others under way are waited for, no new ones are sent.
  SendResult Send(const std::vector<std::string>& requests, int in_flight);

 private:
  struct Channels;
  const std::unique_ptr<Channels> channels_;
};

// The same, once.
SendResult Send(const std::string& address, const std::vector<std::string>& requests, int channels,
                int in_flight);

}  // namespace clew::bench
