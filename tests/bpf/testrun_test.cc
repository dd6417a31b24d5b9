// The library functions in the kernel: the verifier takes them, and they answer as on the host. The ABI: the offsets that clang
// gave the BPF side are those that this compiler gives ours.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "bpf/include/event.h"
#include "tests/bpf/host_head.h"
#include "tests/bpf/host_option.h"

namespace clew {
namespace {

class Object {
 public:
  explicit Object(const char* path) : object_(bpf_object__open(path)) {}
  ~Object() { bpf_object__close(object_); }
  bpf_object* get() const { return object_; }

 private:
  bpf_object* object_;
};

std::map<std::string, std::uint32_t> Offsets(const btf* types, const char* name) {
  std::map<std::string, std::uint32_t> offsets;
  const int id = btf__find_by_name_kind(types, name, BTF_KIND_STRUCT);
  if (id < 0) return offsets;
  const btf_type* type = btf__type_by_id(types, static_cast<std::uint32_t>(id));
  const btf_member* members = btf_members(type);
  for (int i = 0; i < btf_vlen(type); ++i) {
    offsets[btf__name_by_offset(types, members[i].name_off)] = btf_member_bit_offset(type, static_cast<std::uint32_t>(i)) / 8;
  }
  offsets["sizeof"] = type->size;
  return offsets;
}

TEST(EventAbi, OffsetsOfBothSidesAgree) {
  const Object object(CLEW_TESTRUN_OBJECT);
  ASSERT_NE(object.get(), nullptr);
  const btf* types = bpf_object__btf(object.get());
#define OFFSET(type, member) {#member, static_cast<std::uint32_t>(offsetof(type, member))}
#define SIZE(type) {"sizeof", static_cast<std::uint32_t>(sizeof(type))}
  using Map = std::map<std::string, std::uint32_t>;
  EXPECT_EQ(Offsets(types, "clew_event_header"),
            (Map{OFFSET(clew_event_header, ts_ns), OFFSET(clew_event_header, conn), OFFSET(clew_event_header, tgid),
                 OFFSET(clew_event_header, tid), OFFSET(clew_event_header, type), OFFSET(clew_event_header, direction),
                 OFFSET(clew_event_header, pad), OFFSET(clew_event_header, fd), SIZE(clew_event_header)}));
  EXPECT_EQ(Offsets(types, "clew_conn_event"),
            (Map{OFFSET(clew_conn_event, h), OFFSET(clew_conn_event, family), OFFSET(clew_conn_event, role), OFFSET(clew_conn_event, pad),
                 OFFSET(clew_conn_event, local_port), OFFSET(clew_conn_event, remote_port), OFFSET(clew_conn_event, local_addr),
                 OFFSET(clew_conn_event, remote_addr), OFFSET(clew_conn_event, netns), OFFSET(clew_conn_event, inode),
                 SIZE(clew_conn_event)}));
  EXPECT_EQ(Offsets(types, "clew_context"),
            (Map{OFFSET(clew_context, trace_id), OFFSET(clew_context, span_id), OFFSET(clew_context, parent_id),
                 OFFSET(clew_context, trace_flags), OFFSET(clew_context, origin), OFFSET(clew_context, link), OFFSET(clew_context, inject),
                 OFFSET(clew_context, none), OFFSET(clew_context, awaits_handback), OFFSET(clew_context, pad), SIZE(clew_context)}));
  EXPECT_EQ(Offsets(types, "clew_data_event"),
            (Map{OFFSET(clew_data_event, h), OFFSET(clew_data_event, offset), OFFSET(clew_data_event, size),
                 OFFSET(clew_data_event, captured), OFFSET(clew_data_event, flags), OFFSET(clew_data_event, ctx),
                 OFFSET(clew_data_event, last), OFFSET(clew_data_event, last_len), OFFSET(clew_data_event, pad),
                 OFFSET(clew_data_event, seq),
                 OFFSET(clew_data_event, data), SIZE(clew_data_event)}));
  EXPECT_EQ(Offsets(types, "clew_bytes_event"),
            (Map{OFFSET(clew_bytes_event, h), OFFSET(clew_bytes_event, offset), OFFSET(clew_bytes_event, size),
                 OFFSET(clew_bytes_event, first_len), OFFSET(clew_bytes_event, last_len), OFFSET(clew_bytes_event, pad),
                 OFFSET(clew_bytes_event, first), OFFSET(clew_bytes_event, last), SIZE(clew_bytes_event)}));
  EXPECT_EQ(Offsets(types, "clew_proc_event"),
            (Map{OFFSET(clew_proc_event, h), OFFSET(clew_proc_event, start_ns), OFFSET(clew_proc_event, parent_tgid),
                 OFFSET(clew_proc_event, what), OFFSET(clew_proc_event, pad), OFFSET(clew_proc_event, comm), SIZE(clew_proc_event)}));
  EXPECT_EQ(Offsets(types, "clew_handback_event"),
            (Map{OFFSET(clew_handback_event, h), OFFSET(clew_handback_event, span_id), OFFSET(clew_handback_event, trace_id),
                 OFFSET(clew_handback_event, parent_id), OFFSET(clew_handback_event, verdict), OFFSET(clew_handback_event, pad),
                 SIZE(clew_handback_event)}));
#undef OFFSET
#undef SIZE
}

class KernelTestRun : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(object_.get(), nullptr);
    const int error = bpf_object__load(object_.get());
    if (error == -EPERM || error == -EACCES) {
      ASSERT_EQ(std::getenv("REQUIRE_BPF"), nullptr) << "the kernel refuses BPF to this process";
      GTEST_SKIP() << "the kernel refuses BPF to this process";
    }
    ASSERT_EQ(error, 0);
  }
  // What the program returns for this argument.
  int Run(const char* name, std::uint64_t argument) {
    bpf_test_run_opts run{};
    run.sz = sizeof(run);
    run.ctx_in = &argument;
    run.ctx_size_in = sizeof(argument);
    const int program = bpf_program__fd(bpf_object__find_program_by_name(object_.get(), name));
    EXPECT_EQ(bpf_prog_test_run_opts(program, &run), 0) << std::strerror(errno);
    return static_cast<int>(run.retval);
  }

  const Object object_{CLEW_TESTRUN_OBJECT};
};

TEST_F(KernelTestRun, ScannerAnswersInTheKernelAsOnTheHost) {
  const int input = bpf_object__find_map_fd_by_name(object_.get(), "input");
  const std::string heads[] = {
      "GET / HTTP/1.1\r\nHost: a\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n",
      "POST /long HTTP/1.1\r\nCookie: " + std::string(3500, 'c') + "\r\nContent-Length: 12\r\n\r\nbody",
      "GET / HTTP/1.1\r\nHost: a\r\n",
      "EHLO there\r\n\r\n",
      "GET / HTTP/1.0\n\n",
  };
  for (const std::string& head : heads) {
    std::vector<char> view(4096 + 128);
    std::copy(head.begin(), head.end(), view.begin());
    const std::uint32_t zero = 0;
    ASSERT_EQ(bpf_map_update_elem(input, &zero, view.data(), BPF_ANY), 0);
    const host_head host = host_scan(head.data(), head.size(), 0);
    EXPECT_EQ(Run("run_scan_head", head.size()), host.ended ? static_cast<int>(host.head_size) : 0) << head.substr(0, 40);
  }
}

TEST_F(KernelTestRun, OptionIsFoundInTheKernelAsOnTheHost) {
  const int input = bpf_object__find_map_fd_by_name(object_.get(), "option_input");
  host_option value{.trace_id = {1}, .span_id = {7}, .flags = 1};
  std::vector<std::uint8_t> option(HOST_OPTION_SIZE);
  host_option_put(option.data(), &value);
  const std::vector<std::uint8_t> timestamps = {1, 1, 8, 10, 'T', 'T', 'T', 'T', 'E', 'E', 'E', 'E'};
  std::vector<std::uint8_t> both = timestamps;
  both.insert(both.end(), option.begin(), option.end());
  for (const auto& options : {option, both, timestamps, std::vector<std::uint8_t>{253, 0}}) {
    std::vector<std::uint8_t> room = options;
    room.resize(HOST_OPTIONS_MAX + HOST_OPTION_SIZE);
    const std::uint32_t zero = 0;
    ASSERT_EQ(bpf_map_update_elem(input, &zero, room.data(), BPF_ANY), 0);
    const bool found = host_option_get(options.data(), options.size(), &value);
    EXPECT_EQ(Run("run_option_get", options.size()), found ? 7 << 8 | 1 : -1) << options.size();
  }
}

}  // namespace
}  // namespace clew
