// Result<T>: a value or an Error. Spelled like C++23's std::expected, so that it can be replaced by it.
//
// Use it for failures that a caller can handle: a refused system call, a bad option. An outcome that is
// expected per byte (more input needed) is an enum; a broken invariant is CLEW_CHECK.
#pragma once

#include <cstdlib>
#include <string>
#include <utility>
#include <variant>

namespace clew {

enum class Code {
  kInvalid,      // the input is wrong; retrying does not help
  kNotFound,     // the named thing does not exist
  kUnavailable,  // the other side or a resource is not there now; retrying may help
  kExhausted,    // a limit was reached: memory, disk, queue
  kDenied,       // a permission or kernel capability is missing
  kCorrupt,      // stored bytes are not what was written
  kUnsupported,  // this kernel or build cannot do it
  kInternal,     // our own fault
};

// One lower-case word, for logs and JSON.
const char* CodeName(Code code);

// What failed, on what, and why: "open /etc/clew/agent.yaml: No such file or directory".
struct Error {
  Code code = Code::kInternal;
  std::string message;
};

// Error from errno: "{operation} {object}: {strerror}". The code follows the errno.
Error ErrnoError(std::string_view operation, std::string_view object, int errno_value);

[[noreturn]] void CheckFailed(const char* file, int line, const char* expression);
#define CLEW_CHECK(expression) \
  do {                         \
    if (!(expression)) ::clew::CheckFailed(__FILE__, __LINE__, #expression); \
  } while (false)

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}    // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return CheckedValue(); }
  const T& value() const& { return const_cast<Result*>(this)->CheckedValue(); }
  T&& value() && { return std::move(CheckedValue()); }
  T& operator*() & { return CheckedValue(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(CheckedValue()); }
  T* operator->() { return &CheckedValue(); }
  const T* operator->() const { return &value(); }

  const Error& error() const {
    CLEW_CHECK(!has_value());
    return std::get<1>(state_);
  }

 private:
  T& CheckedValue() {
    CLEW_CHECK(has_value());
    return std::get<0>(state_);
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return !failed_; }
  explicit operator bool() const { return has_value(); }
  const Error& error() const {
    CLEW_CHECK(failed_);
    return error_;
  }

 private:
  Error error_;
  bool failed_ = false;
};

using Status = Result<void>;

}  // namespace clew
