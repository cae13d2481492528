// libcudart.so.13 and libcuda.so.1 without a GPU: memory is the host's, copies happen, kernels are counted and do nothing, but for one.
#include "stub.h"

// cudaError_t
enum { outOfMemory = 2, driverTooOld = 35, busyDevice = 46, noDevice = 100, invalidDevice = 101, invalidContext = 201 };

#define GIB (1ll << 30)
#define DEVICE_NAME "CUDA stub"

static int64_t deviceMemory(void) { return asked("CUDA_STUB_MEMORY", 140 * GIB); }
static int deviceCount(void) { return (int)asked("CUDA_STUB_DEVICES", 1); }

// --- errors

static __thread int lastError;
static int failed(int error) { return error ? (lastError = error) : 0; }

int cudaGetLastError(void) {
  int error = lastError;
  lastError = 0;
  return error;
}
int cudaPeekAtLastError(void) { return lastError; }

const char *cudaGetErrorString(int error) {
  switch (error) {
  case 0: return "no error";
  case outOfMemory: return "out of memory";
  case driverTooOld: return "CUDA driver version is insufficient for CUDA runtime version";
  case busyDevice: return "CUDA-capable device(s) is/are busy or unavailable";
  case noDevice: return "no CUDA-capable device is detected";
  case invalidDevice: return "invalid device ordinal";
  default: return "unknown error";
  }
}
const char *cudaGetErrorName(int error) {
  switch (error) {
  case 0: return "cudaSuccess";
  case outOfMemory: return "cudaErrorMemoryAllocation";
  case driverTooOld: return "cudaErrorInsufficientDriver";
  case busyDevice: return "cudaErrorDevicesUnavailable";
  case noDevice: return "cudaErrorNoDevice";
  case invalidDevice: return "cudaErrorInvalidDevice";
  default: return "cudaErrorUnknown";
  }
}

// --- devices

static __thread int currentDevice;

int cudaGetDeviceCount(int *count) {
  *count = 0;
  if (asked("CUDA_STUB_DRIVER_TOO_OLD", 0)) return failed(driverTooOld);
  *count = deviceCount();
  return failed(*count > 0 ? 0 : noDevice);
}
int cudaGetDevice(int *device) {
  *device = currentDevice;
  return failed(deviceCount() > 0 ? 0 : noDevice);
}
int cudaSetDevice(int device) {
  int count;
  int error = cudaGetDeviceCount(&count);
  if (error) return error;
  if (device < 0 || device >= count) return failed(invalidDevice);
  if (device == asked("CUDA_STUB_BUSY", -1)) return failed(busyDevice);
  currentDevice = device;
  return 0;
}
int cudaDriverGetVersion(int *version) { return *version = 13000, 0; }
int cudaRuntimeGetVersion(int *version) { return *version = 13000, 0; }

/** cudaDeviceProp of CUDA 13, as far as it is read here. */
struct properties {
  char name[256];
  char ids[28];
  size_t totalGlobalMem, sharedMemPerBlock;
  int regsPerBlock, warpSize;
  size_t memPitch;
  int maxThreadsPerBlock, maxThreadsDim[3], maxGridSize[3];
  size_t totalConstMem;
  int major, minor;
  size_t textureAlignment, texturePitchAlignment;
  int multiProcessorCount;
};
_Static_assert(offsetof(struct properties, totalGlobalMem) == 288, "layout of cudaDeviceProp");
_Static_assert(offsetof(struct properties, multiProcessorCount) == 384, "layout of cudaDeviceProp");

int cudaGetDeviceProperties(struct properties *to, int device) {
  if (device < 0 || device >= deviceCount()) return failed(invalidDevice);
  memset(to, 0, 1008);
  *to = (struct properties){.name = DEVICE_NAME,
                            .totalGlobalMem = deviceMemory(),
                            .sharedMemPerBlock = 49152,
                            .regsPerBlock = 65536,
                            .warpSize = 32,
                            .memPitch = 2147483647,
                            .maxThreadsPerBlock = 1024,
                            .maxThreadsDim = {1024, 1024, 64},
                            .maxGridSize = {2147483647, 65535, 65535},
                            .totalConstMem = 65536,
                            .major = 9,
                            .textureAlignment = 512,
                            .texturePitchAlignment = 32,
                            .multiProcessorCount = 132};
  return 0;
}
/** cudaDeviceAttr: numbers of an H100. */
int cudaDeviceGetAttribute(int *value, int attribute, int device) {
  static const int values[][2] = {{1, 1024}, {8, 49152}, {10, 32}, {16, 132}, {39, 2048}, {76, 0}, {81, 233472}, {97, 232448}, {115, 1}};
  (void)device;
  *value = 0;
  if (attribute == 75) return *value = (int)asked("CUDA_STUB_CAPABILITY", 9), 0;
  for (size_t at = 0; at < sizeof values / sizeof *values; at++)
    if (values[at][0] == attribute) *value = values[at][1];
  return 0;
}

// --- memory

/** Before each allocation stands its size; 256 bytes keep the alignment of the GPU's. */
enum { header = 256 };

static int allocate(void **to, size_t bytes) {
  *to = NULL;
  int64_t held = COUNT(bytesHeld, bytes);
  char *memory = held > deviceMemory() ? NULL : aligned_alloc(header, (bytes + 2 * header - 1) / header * header);
  if (!memory) {
    COUNT(bytesHeld, -(int64_t)bytes);
    return failed(outOfMemory);
  }
  memset(memory, 0, bytes + header); // what no kernel writes is always the same
  *(size_t *)memory = bytes;
  *to = memory + header;
  COUNT(allocations, 1);
  int64_t most = counters()->bytesHeldAtMost;
  while (held > most && !__atomic_compare_exchange_n(&counters()->bytesHeldAtMost, &most, held, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  return 0;
}
static int release(void *pointer) {
  if (!pointer) return 0;
  char *memory = (char *)pointer - header;
  COUNT(bytesHeld, -(int64_t) * (size_t *)memory);
  free(memory);
  return 0;
}
int cudaMalloc(void **to, size_t bytes) { return allocate(to, bytes); }
int cudaMallocFromPoolAsync(void **to, size_t bytes, void *pool, void *stream) { return (void)pool, (void)stream, allocate(to, bytes); }
int cudaFree(void *pointer) { return release(pointer); }
int cudaFreeAsync(void *pointer, void *stream) { return (void)stream, release(pointer); }
static int allocateOnHost(void **to, size_t bytes) { return failed((*to = calloc(1, bytes ? bytes : 1)) ? 0 : outOfMemory); }
int cudaMallocHost(void **to, size_t bytes) { return allocateOnHost(to, bytes); }
int cudaHostAlloc(void **to, size_t bytes, unsigned flags) { return (void)flags, allocateOnHost(to, bytes); }
int cudaFreeHost(void *pointer) { return free(pointer), 0; }
int cudaMemGetInfo(size_t *unused, size_t *total) {
  *total = deviceMemory();
  *unused = *total - counters()->bytesHeld;
  return 0;
}

// --- copies

static void countCopy(size_t bytes, int kind) {
  if (kind == 1) COUNT(bytesUp, bytes), COUNT(copiesUp, 1);
  if (kind == 2) COUNT(bytesDown, bytes), COUNT(copiesDown, 1);
  if (kind == 3) COUNT(bytesWithin, bytes), COUNT(copiesWithin, 1);
}
static int copy(void *to, const void *from, size_t bytes, int kind) {
  countCopy(bytes, kind);
  memmove(to, from, bytes);
  return 0;
}
int cudaMemcpy(void *to, const void *from, size_t bytes, int kind) { return copy(to, from, bytes, kind); }
int cudaMemcpyAsync(void *to, const void *from, size_t bytes, int kind, void *stream) { return (void)stream, copy(to, from, bytes, kind); }
int cudaMemcpy2DAsync(char *to, size_t toPitch, const char *from, size_t fromPitch, size_t width, size_t height, int kind, void *stream) {
  (void)stream;
  countCopy(width * height, kind);
  for (size_t row = 0; row < height; row++) memmove(to + row * toPitch, from + row * fromPitch, width);
  return 0;
}
int cudaMemset(void *to, int value, size_t bytes) { return memset(to, value, bytes), 0; }
int cudaMemsetAsync(void *to, int value, size_t bytes, void *stream) { return (void)stream, memset(to, value, bytes), 0; }

// --- streams, events, pools

int cudaStreamCreate(void **to) { return handle(to); }
int cudaStreamCreateWithFlags(void **to, unsigned flags) { return (void)flags, handle(to); }
int cudaEventCreate(void **to) { return handle(to); }
int cudaEventCreateWithFlags(void **to, unsigned flags) { return (void)flags, handle(to); }
int cudaMemPoolCreate(void **to, void *properties) { return (void)properties, handle(to); }
int cudaStreamSynchronize(void *stream) { return (void)stream, COUNT(waits, 1), 0; }
int cudaDeviceSynchronize(void) { return COUNT(waits, 1), 0; }
int cudaStreamIsCapturing(void *stream, int *capturing) { return (void)stream, *capturing = 0; }
int cudaLaunchHostFunc(void *stream, void (*function)(void *), void *data) { return (void)stream, function(data), 0; }
int cudaGetDriverEntryPointByVersion(const char *name, void **to) { return (void)name, *to = NULL, 0; }
int cudaEventElapsedTime(float *milliseconds) { return *milliseconds = 0, 0; }

// --- kernels: an open-addressing table from the host's function to the kernel's name

enum { slots = 1 << 17 };
static struct { const void *function; const char *name; } kernels[slots];

static size_t slotOf(const void *function) {
  size_t slot = ((uintptr_t)function >> 4) * 2654435761u % slots;
  while (kernels[slot].function && kernels[slot].function != function) slot = (slot + 1) % slots;
  return slot;
}
void **__cudaRegisterFatBinary(void *binary) {
  static void *handles[8];
  return (void)binary, handles;
}
void __cudaRegisterFunction(void **binary, const void *function, char *device, const char *name) {
  (void)binary, (void)device;
  size_t slot = slotOf(function);
  kernels[slot].function = function;
  kernels[slot].name = name;
}
int __cudaGetKernel(const void **kernel, const void *function) { return *kernel = function, 0; }

/** x + y of float32 of equal shape, by which saeval sees whether a device computes: the one kernel that is computed. */
static void add(void **arguments) {
  const float *x = *(const float **)arguments[0], *y = *(const float **)arguments[1];
  float *sum = *(float **)arguments[2];
  for (int at = 0, count = *(int *)arguments[4]; at < count; at++) sum[at] = x[at] + y[at];
}
static int launch(const void *function, void **arguments) {
  COUNT(launches, 1);
  const char *name = kernels[slotOf(function)].name;
  if (!name) return 0;
  if (strstr(name, "_BinaryElementWiseSimpleILb1ELb1EfffNS0_6OP_AddIfffEE") && strstr(name, "EiEEv")) add(arguments);
  const char *path = getenv("CUDA_STUB_KERNELS");
  FILE *file = path ? fopen(path, "a") : NULL;
  if (file) fprintf(file, "%s\n", name), fclose(file);
  return 0;
}
struct dim3 { unsigned x, y, z; };
int cudaLaunchKernel(const void *function, struct dim3 grid, struct dim3 block, void **arguments) {
  return (void)grid, (void)block, launch(function, arguments);
}
int __cudaLaunchKernel(const void *function, struct dim3 grid, struct dim3 block, void **arguments) {
  return (void)grid, (void)block, launch(function, arguments);
}
int cudaLaunchKernelExC(const void *configuration, const void *function, void **arguments) {
  return (void)configuration, launch(function, arguments);
}
int cudaFuncGetAttributes(char *attributes, const void *function) {
  (void)function;
  memset(attributes, 0, 144);
  *(int *)(attributes + 24) = 1024; // maxThreadsPerBlock
  return 0;
}
int cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks) { return *blocks = 1, 0; }

// --- the driver's own functions

int cuInit(unsigned flags) { return (void)flags, deviceCount() > 0 ? 0 : noDevice; }
int cuDriverGetVersion(int *version) { return *version = 13000, 0; }
int cuDeviceGetCount(int *count) { return *count = deviceCount(), 0; }
int cuDeviceGet(int *device, int ordinal) { return *device = ordinal, ordinal < deviceCount() ? 0 : invalidDevice; }
int cuDeviceGetName(char *name, int length, int device) { return (void)device, snprintf(name, length, "%s", DEVICE_NAME), 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { return (void)device, *bytes = deviceMemory(), 0; }
int cuDevicePrimaryCtxRetain(void **context, int device) { return *context = (void *)(intptr_t)(device + 1), 0; }
int cuDevicePrimaryCtxRelease_v2(int device) { return (void)device, 0; }
int cuCtxSetCurrent(void *context) { return context ? 0 : invalidContext; }
int cuMemGetInfo_v2(size_t *unused, size_t *total) { return cudaMemGetInfo(unused, total); }
int cuMemcpyHtoD_v2(void *to, const void *from, size_t bytes) { return copy(to, from, bytes, 1); }
int cuMemcpyDtoH_v2(void *to, const void *from, size_t bytes) { return copy(to, from, bytes, 2); }
int cuStreamSynchronize(void *stream) { return cudaStreamSynchronize(stream); }
int cuGetErrorName(int error, const char **name) { return *name = cudaGetErrorName(error), 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) { return cudaDeviceGetAttribute(value, attribute, device); }
