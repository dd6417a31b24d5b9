"""The harness: a sandbox of cgroup and network namespace, Clew inside it, services, load, and questions about the traces."""
