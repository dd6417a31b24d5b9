// Clang's thread-safety attributes; nothing under other compilers.
#pragma once

#if defined(__clang__)
#define CLEW_ATTRIBUTE(x) __attribute__((x))
#else
#define CLEW_ATTRIBUTE(x)
#endif
#define CAPABILITY(x) CLEW_ATTRIBUTE(capability(x))
#define SCOPED_CAPABILITY CLEW_ATTRIBUTE(scoped_lockable)
#ifndef GUARDED_BY  // abseil, which gRPC's headers bring, defines it alike
#define GUARDED_BY(x) CLEW_ATTRIBUTE(guarded_by(x))
#endif
#define REQUIRES(...) CLEW_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define ACQUIRE(...) CLEW_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RELEASE(...) CLEW_ATTRIBUTE(release_capability(__VA_ARGS__))
