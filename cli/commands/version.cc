#include "cli/commands/command.h"

namespace clew::cli {

Answer RunVersion(const Context& context) {
  switch (context.options.format) {
    case Format::kJson:
    case Format::kJsonLines:
      return {.out = "{\"schema\":\"clew.version/v1\",\"version\":\"" CLEW_VERSION "\"}\n"};
    case Format::kName:
      return {.out = CLEW_VERSION "\n"};
    default:
      return {.out = "tracectl " CLEW_VERSION "\n"};
  }
}

}  // namespace clew::cli
