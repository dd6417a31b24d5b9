// tracectl's exit status, part of its interface.
#pragma once

#include "base/result.h"

namespace clew::cli {

enum ExitCode : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,        // flags, configuration, or a query that the server refuses as wrong
  kNotFound = 3,     // no such trace
  kUnreachable = 4,  // the server is not there, too slow, or refuses us
  kPartial = 5,      // some of the answer came; it was printed
};

// What a failed query exits with.
inline ExitCode ExitCodeOf(Code code) {
  switch (code) {
    case Code::kInvalid:
      return kUsage;
    case Code::kNotFound:
      return kNotFound;
    case Code::kUnavailable:
    case Code::kDenied:
      return kUnreachable;
    default:
      return kFailed;
  }
}

}  // namespace clew::cli
