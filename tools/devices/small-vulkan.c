// A Vulkan driver that hands everything on to another one (SMALL_VULKAN_DRIVER, the path of its library), but for large allocations: those of more bytes
// than SMALL_VULKAN_LARGEST fail, as they do on a GPU whose memory is full. Names and numbers are those of vulkan_core.h and vk_icd.h.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
typedef void *(*lookup)(void *, const char *);
typedef int (*allocation)(void *, const void *, const void *, void *);
enum { outOfDeviceMemory = -2, sizeAt = 16 };
static void *driver(const char *name) {
  static void *library;
  if (!library) library = dlopen(getenv("SMALL_VULKAN_DRIVER"), RTLD_NOW | RTLD_LOCAL);
  return dlsym(library, name);
}
static allocation allocate;
static lookup ofInstance, ofDevice;
static int vkAllocateMemory(void *device, const void *info, const void *callbacks, void *to) {
  uint64_t bytes;
  memcpy(&bytes, (const char *)info + sizeAt, sizeof bytes);
  const char *most = getenv("SMALL_VULKAN_LARGEST");
  return most && bytes > strtoull(most, NULL, 10) ? outOfDeviceMemory : allocate(device, info, callbacks, to);
}
static void *wrapped(const char *name, void *found);
static void *vkGetDeviceProcAddr(void *device, const char *name) { return wrapped(name, ofDevice(device, name)); }
static void *wrapped(const char *name, void *found) {
  if (found && !strcmp(name, "vkAllocateMemory")) return allocate = (allocation)found, (void *)vkAllocateMemory;
  if (found && !strcmp(name, "vkGetDeviceProcAddr")) return ofDevice = (lookup)found, (void *)vkGetDeviceProcAddr;
  return found;
}
void *vk_icdGetInstanceProcAddr(void *instance, const char *name) {
  ofInstance = (lookup)driver("vk_icdGetInstanceProcAddr");
  return wrapped(name, ofInstance(instance, name));
}
void *vk_icdGetPhysicalDeviceProcAddr(void *instance, const char *name) {
  lookup find = (lookup)driver("vk_icdGetPhysicalDeviceProcAddr");
  return find ? find(instance, name) : NULL;
}
int vk_icdNegotiateLoaderICDInterfaceVersion(uint32_t *version) {
  return ((int (*)(uint32_t *))driver("vk_icdNegotiateLoaderICDInterfaceVersion"))(version);
}
