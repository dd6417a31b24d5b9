// nginx: its structures name the request of each upstream call.
#pragma once

#include "agent/process/elf_file.h"
#include "agent/runtime/plan.h"

namespace clew::runtime {

Plan PlanNginx(const process::ReadAt& executable);

}  // namespace clew::runtime
