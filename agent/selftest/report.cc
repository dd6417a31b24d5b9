#include <algorithm>

#include "agent/selftest/self_test.h"

namespace clew::selftest {

bool SelfTestReport::Ok(Concern concern) const {
  bool asked = false;
  for (const Answer& answer : answers) {
    if (answer.concern != concern) continue;
    if (!answer.passed) return false;
    asked = true;
  }
  return asked;
}

bool SelfTestReport::Harmless(const Policy& policy) const {
  const auto harmless = [&](const Answer& answer) {
    return answer.passed ||
           (answer.concern == Concern::kFionread && policy.fionread_users_leave_early);
  };
  return !answers.empty() && std::all_of(answers.begin(), answers.end(), harmless);
}

std::string SelfTestReport::Differences() const {
  std::string out;
  for (const Answer& answer : answers) {
    if (answer.passed) continue;
    if (!out.empty()) out.append("; ");
    out.append(answer.name).append(": ").append(answer.detail);
  }
  return out;
}

}  // namespace clew::selftest
