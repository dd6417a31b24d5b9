// A process that takes a share of its core in the rhythm of the agent's reader and traces nothing: what is lost beside it
// is not tracing, but the load generator's core.
//
// usage: clew-bench-neighbour SHARE     (0 to 0.9, until it is killed)

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  char* end = nullptr;
  const double share = argc == 2 ? std::strtod(argv[1], &end) : -1;
  if (end == nullptr || *end != '\0' || !(share >= 0 && share <= 0.9)) {
    std::fprintf(stderr, "usage: clew-bench-neighbour SHARE (0 to 0.9)\n");
    return 2;
  }
  // As DrainPace: a pause of a millisecond, then what came meanwhile.
  constexpr std::chrono::duration<double> kPause = std::chrono::milliseconds(1);
  const auto work = std::chrono::duration_cast<Clock::duration>(kPause * (share / (1 - share)));
  while (true) {
    std::this_thread::sleep_for(kPause);
    for (const auto until = Clock::now() + work; Clock::now() < until;) {
    }
  }
}
