# The program itself: the only place that knows all stages. Paths are from agent/.
set(AGENT ${CMAKE_CURRENT_LIST_DIR})
if(NOT TARGET clew_agent_replay)
  include(${AGENT}/kernel/replay.cmake)
endif()

add_library(clew_agent_config STATIC
  ${AGENT}/config.cc ${AGENT}/config_flags.cc ${AGENT}/config_options.cc ${AGENT}/config_yaml.cc ${AGENT}/selection.cc)
target_link_libraries(clew_agent_config PUBLIC clew_base clew_agent_process clew_agent_runtime PRIVATE CLI11::CLI11 yaml-cpp)

# What the agent's tests link: everything but the kernel side.
add_library(clew_agent_pipeline STATIC
  ${AGENT}/capabilities.cc ${AGENT}/metrics.cc ${AGENT}/pipeline.cc ${AGENT}/run_replay.cc)
target_link_libraries(clew_agent_pipeline
  PUBLIC clew_agent_config clew_agent_conn clew_agent_export clew_agent_process clew_agent_replay clew_agent_span
  PRIVATE prometheus-cpp::core)

if(TARGET clew_agent_kernel)
  add_executable(clew-agent ${AGENT}/main.cc ${AGENT}/run_live.cc)
  target_link_libraries(clew-agent PRIVATE clew_agent_kernel clew_agent_pipeline clew_http PkgConfig::SYSTEMD)
  set_target_properties(clew-agent PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endif()
