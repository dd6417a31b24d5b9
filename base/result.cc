#include "base/result.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace clew {

const char* CodeName(Code code) {
  switch (code) {
    case Code::kInvalid: return "invalid";
    case Code::kNotFound: return "not_found";
    case Code::kUnavailable: return "unavailable";
    case Code::kExhausted: return "exhausted";
    case Code::kDenied: return "denied";
    case Code::kCorrupt: return "corrupt";
    case Code::kUnsupported: return "unsupported";
    case Code::kInternal: return "internal";
  }
  return "internal";
}

static Code CodeOfErrno(int value) {
  switch (value) {
    case ENOENT:
    case ESRCH: return Code::kNotFound;
    case EPERM:
    case EACCES: return Code::kDenied;
    case EINVAL:
    case ENAMETOOLONG: return Code::kInvalid;
    case ENOMEM:
    case ENOSPC:
    case EMFILE:
    case ENFILE: return Code::kExhausted;
    case EAGAIN:
    case ECONNREFUSED:
    case ETIMEDOUT: return Code::kUnavailable;
    case ENOSYS:
    case EOPNOTSUPP: return Code::kUnsupported;
    default: return Code::kInternal;
  }
}

Error ErrnoError(std::string_view operation, std::string_view object, int errno_value) {
  std::string message(operation);
  if (!object.empty()) message.append(" ").append(object);
  message.append(": ").append(std::strerror(errno_value));
  return Error{CodeOfErrno(errno_value), std::move(message)};
}

void CheckFailed(const char* file, int line, const char* expression) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, expression);
  std::abort();
}

}  // namespace clew
