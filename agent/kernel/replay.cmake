# Recording and replay need no libbpf: tests and machines without BPF link this alone.
add_library(clew_agent_replay STATIC
  ${CMAKE_CURRENT_LIST_DIR}/recorder.cc ${CMAKE_CURRENT_LIST_DIR}/recording.cc ${CMAKE_CURRENT_LIST_DIR}/replay_source.cc)
target_link_libraries(clew_agent_replay PUBLIC clew_base)
