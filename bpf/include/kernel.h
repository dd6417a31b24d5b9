/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The kernel's structures, trimmed to the fields that Clew reads. preserve_access_index makes libbpf relocate every access
 * to the running kernel's layout, so the order and the gaps here mean nothing. Types that programs receive from the kernel keep
 * its names.
 */
#ifndef CLEW_KERNEL_H
#define CLEW_KERNEL_H

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u32 __wsum;
typedef __u16 __sum16;
typedef _Bool bool;
/* The parts of uapi linux/bpf.h that programs use come from there, with these types already known. */
#define _LINUX_TYPES_H
#define __aligned_u64 __u64 __attribute__((aligned(8)))
#include <linux/bpf.h>

#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define SOCK_STREAM 1
#define IPPROTO_TCP 6
#define O_NONBLOCK 04000
#define MSG_PEEK 2
#define MSG_DONTWAIT 0x40
#define MSG_ERRQUEUE 0x2000
#define RCV_SHUTDOWN 1
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define TS_COMPAT 2
#define TASK_RUNNING 0
enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT = 2, TCP_FIN_WAIT1 = 4, TCP_CLOSE = 7, TCP_LAST_ACK = 9 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};

struct ns_common {
	unsigned int inum;
};
struct net {
	struct ns_common ns;
};
typedef struct {
	struct net *net;
} possible_net_t;
struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};
struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};
struct socket;
struct sock {
	struct sock_common __sk_common;
	struct socket *sk_socket;
	__u16 sk_type;
	__u16 sk_protocol;
	__u8 sk_shutdown;
	int sk_wmem_queued;
	int sk_sndbuf;
};
struct inet_sock {
	struct sock sk;
};
struct inet_connection_sock {
	struct inet_sock icsk_inet;
};
struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u32 rcv_nxt;
	__u32 copied_seq;
	__u32 snd_nxt;
	__u32 snd_una;
	__u32 write_seq;
	__u32 data_segs_out;
	__u64 bytes_received;
};

enum iter_type { ITER_UBUF, ITER_IOVEC };
struct iov_iter {
	__u8 iter_type;
	unsigned long count;
};
struct msghdr {
	struct iov_iter msg_iter;
};
struct sk_buff;

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
};
struct file {
	struct inode *f_inode;
	void *private_data;
	unsigned int f_flags;
};
struct socket {
	struct file *file;
	struct sock *sk;
};
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};
struct files_struct {
	struct fdtable *fdt;
};
struct thread_info {
	__u32 status;
};
typedef struct {
	int counter;
} atomic_t;
struct signal_struct {
	atomic_t live;
};
struct thread_struct {
	unsigned long fsbase;
};
struct task_struct {
	struct thread_info thread_info;
	struct thread_struct thread;
	unsigned int __state;
	int pid;
	int tgid;
	struct task_struct *group_leader;
	__u64 start_boottime;
	struct files_struct *files;
	struct signal_struct *signal;
	char comm[16];
};

#pragma clang attribute pop

/* User-space ABI, never relocated. */
struct iovec {
	__u64 iov_base;
	__u64 iov_len;
};
struct user_msghdr {
	__u64 msg_name;
	int msg_namelen;
	int pad0;
	__u64 msg_iov;
	__u64 msg_iovlen;
	__u64 msg_control;
	__u64 msg_controllen;
	__u32 msg_flags;
	__u32 pad1;
};
struct mmsghdr {
	struct user_msghdr msg_hdr;
	__u32 msg_len;
	__u32 pad;
};
struct timespec64 {
	__s64 tv_sec;
	__s64 tv_nsec;
};

#endif
