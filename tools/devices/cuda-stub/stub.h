// What the parts of the stub share: counters in a mapped file, and what the environment asks for.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// One 64-bit integer each, in this order, in the file that CUDA_STUB_COUNTS names; tests/cuda-stub.ts reads the names from here.
#define COUNTERS(COUNTER)                                                                                                  \
  COUNTER(bytesUp)       /* host to device */                                                                              \
  COUNTER(copiesUp)                                                                                                        \
  COUNTER(bytesDown)     /* device to host */                                                                              \
  COUNTER(copiesDown)                                                                                                      \
  COUNTER(bytesWithin)   /* device to device */                                                                            \
  COUNTER(copiesWithin)                                                                                                    \
  COUNTER(launches)      /* kernels */                                                                                     \
  COUNTER(products)      /* calls of cuBLAS and cuBLASLt that multiply */                                                  \
  COUNTER(waits)         /* for a stream or the device */                                                                  \
  COUNTER(allocations)                                                                                                     \
  COUNTER(bytesHeld)                                                                                                       \
  COUNTER(bytesHeldAtMost)

struct counters {
#define FIELD(name) int64_t name;
  COUNTERS(FIELD)
#undef FIELD
};

static struct counters *counters(void) {
  static struct counters *mapped;
  static struct counters nowhere;
  if (mapped) return mapped;
  const char *path = getenv("CUDA_STUB_COUNTS");
  int file = path ? open(path, O_RDWR | O_CREAT, 0644) : -1;
  if (file < 0 || ftruncate(file, sizeof nowhere) != 0) return mapped = &nowhere;
  void *memory = mmap(0, sizeof nowhere, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  return mapped = memory == MAP_FAILED ? &nowhere : memory;
}

#define COUNT(name, amount) __atomic_add_fetch(&counters()->name, (int64_t)(amount), __ATOMIC_RELAXED)

/** A number of the environment. */
__attribute__((unused)) static int64_t asked(const char *name, int64_t otherwise) {
  const char *text = getenv(name);
  return text && *text ? atoll(text) : otherwise;
}

/** Functions that nobody has written here succeed and do nothing: those of generated code call this. */
__attribute__((unused)) static int nothing(const char *name) {
  if (getenv("CUDA_STUB_TRACE")) fprintf(stderr, "cuda-stub: %s\n", name);
  return 0;
}

/** An object that has no content but an address. */
__attribute__((unused)) static int handle(void **to) {
  *to = calloc(1, 256);
  return *to ? 0 : 2;
}
