/* A fake libcuda.so.1 (cuda.h). It starts and sees as many devices as the answer "devices 0 N" says, else as there are nodes that can
 * be opened. Device memory is the host's. The kernels that test memory are done here as Kernels.ptx says, all others do nothing, so
 * whoever proves a result by computing must find it out. With the answer "kernels 0 0", or compiled with -DNO_KERNELS, none does anything; with -DNO_START the driver does not start.
 */
#include "fake.h"
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_DEVICE = 101, INVALID_CONTEXT = 201, UNKNOWN = 999 };

#define MEMORY (1ull << 30)

static int started, devices;
static __thread long current;

#define HERE ((void *)cuInit)
#define NEED_CONTEXT(name) do { if (!current) { called(name " without a context"); return INVALID_CONTEXT; } } while (0)

int cuInit(unsigned flags) {
    called("cuInit flags=%u", flags);
#ifdef NO_START
    return UNKNOWN;
#endif
    const char *answer = ask(HERE, "cuInit");
    if (answer && status_of(answer, SUCCESS) != SUCCESS)
        return status_of(answer, SUCCESS);
    const char *said = ask(HERE, "devices");
    if (said) {
        devices = atoi(value_of(said));
        started = devices > 0;
        return devices ? SUCCESS : NO_DEVICE;
    }
    /* As the driver does: without the control node there is no device, without UVM's nothing works. */
    int control = open("/dev/nvidiactl", O_RDWR), uvm = open("/dev/nvidia-uvm", O_RDWR);
    if (control >= 0)
        close(control);
    if (uvm >= 0)
        close(uvm);
    if (control < 0)
        return NO_DEVICE;
    if (uvm < 0)
        return UNKNOWN;
    devices = 0;
    for (int minor = 0; minor < 64; minor++) {
        char path[32];
        snprintf(path, sizeof path, "/dev/nvidia%d", minor);
        int node = open(path, O_RDWR);
        if (node >= 0) {
            devices++;
            close(node);
        }
    }
    started = devices > 0;
    return devices ? SUCCESS : NO_DEVICE;
}

int cuDriverGetVersion(int *version) {
    called("cuDriverGetVersion");
    const char *answer = ask(HERE, "cuDriverGetVersion");
    *version = answer ? atoi(value_of(answer)) : 13000;
    return SUCCESS;
}

int cuDeviceGetCount(int *count) {
    called("cuDeviceGetCount");
    if (!started)
        return NOT_INITIALIZED;
    *count = devices;
    return SUCCESS;
}

int cuGetErrorName(int error, const char **name) {
    *name = error == NO_DEVICE ? "CUDA_ERROR_NO_DEVICE" : error == UNKNOWN ? "CUDA_ERROR_UNKNOWN" : "CUDA_ERROR";
    return SUCCESS;
}

int cuGetErrorString(int error, const char **text) {
    *text = error == NO_DEVICE ? "no CUDA-capable device is detected" : "unknown error";
    return SUCCESS;
}

static int is_device(int device) { return started && device >= 0 && device < devices; }

int cuDeviceGet(int *device, int ordinal) {
    *device = ordinal;
    return !started ? NOT_INITIALIZED : is_device(ordinal) ? SUCCESS : INVALID_DEVICE;
}

int cuDeviceGetName(char *name, int size, int device) {
    const char *answer = ask(HERE, "%d/cuDeviceGetName", device);
    copy_text(answer ? value_of(answer) : "NVIDIA Fake", name, size);
    return is_device(device) ? SUCCESS : INVALID_DEVICE;
}

int cuDeviceGetAttribute(int *value, int attribute, int device) {
    called("cuDeviceGetAttribute attribute=%d device=%d", attribute, device);
    const char *answer = ask(HERE, "%d/cuDeviceGetAttribute/%d", device, attribute);
    /* Compute capability 9.0, 132 multiprocessors (CUdevice_attribute 75, 76, 16). */
    *value = answer ? atoi(value_of(answer)) : attribute == 75 ? 9 : attribute == 76 ? 0 : attribute == 16 ? 132 : 1;
    return is_device(device) ? SUCCESS : INVALID_DEVICE;
}

int cuDeviceGetUuid_v2(char *uuid, int device) {
    memset(uuid, 0, 16);
    uuid[15] = device + 1;
    return is_device(device) ? SUCCESS : INVALID_DEVICE;
}

int cuDeviceTotalMem_v2(size_t *bytes, int device) {
    *bytes = MEMORY;
    return is_device(device) ? SUCCESS : INVALID_DEVICE;
}

int cuDeviceGetPCIBusId(char *text, int size, int device) {
    snprintf(text, size, "0000:%02X:00.0", device + 1);
    return is_device(device) ? SUCCESS : INVALID_DEVICE;
}

int cuDevicePrimaryCtxRetain(long *context, int device) {
    called("cuDevicePrimaryCtxRetain device=%d", device);
    *context = 100 + device;
    return is_device(device) ? SUCCESS : INVALID_DEVICE;
}

int cuDevicePrimaryCtxRelease_v2(int device) {
    called("cuDevicePrimaryCtxRelease_v2 device=%d", device);
    return SUCCESS;
}

int cuCtxSetCurrent(long context) {
    current = context;
    return SUCCESS;
}

int cuCtxSynchronize(void) {
    NEED_CONTEXT("cuCtxSynchronize");
    return SUCCESS;
}

int cuDeviceCanAccessPeer(int *can, int device, int peer) {
    *can = device != peer;
    return SUCCESS;
}

int cuCtxEnablePeerAccess(long context, unsigned flags) {
    called("cuCtxEnablePeerAccess context=%ld flags=%u", context, flags);
    return SUCCESS;
}

int cuMemGetInfo_v2(size_t *free_bytes, size_t *total) {
    NEED_CONTEXT("cuMemGetInfo_v2");
    *free_bytes = MEMORY;
    *total = MEMORY;
    return SUCCESS;
}

/* The size lies before the memory, so that a free is counted rightly. */
int cuMemAlloc_v2(uint64_t *address, size_t bytes) {
    NEED_CONTEXT("cuMemAlloc_v2");
    if (bytes > 4 * MEMORY)
        return OUT_OF_MEMORY;
    char *memory = calloc(1, bytes + 64);
    if (!memory)
        return OUT_OF_MEMORY;
    *(size_t *)memory = bytes;
    *address = (uint64_t)(memory + 64);
    called("cuMemAlloc_v2 %#lx", *address);
    return SUCCESS;
}

int cuMemFree_v2(uint64_t address) {
    called("cuMemFree_v2 %#lx", address);
    free((char *)address - 64);
    return SUCCESS;
}

int cuMemHostAlloc(void **memory, size_t bytes, unsigned flags) {
    called("cuMemHostAlloc flags=%u", flags);
    *memory = calloc(1, bytes);
    return *memory ? SUCCESS : OUT_OF_MEMORY;
}

int cuMemFreeHost(void *memory) {
    called("cuMemFreeHost");
    free(memory);
    return SUCCESS;
}

static int copy(void *to, const void *from, size_t bytes) {
    memmove(to, from, bytes);
    return SUCCESS;
}

int cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t bytes) { return copy((void *)to, from, bytes); }
int cuMemcpyDtoH_v2(void *to, uint64_t from, size_t bytes) { return copy(to, (void *)from, bytes); }
int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, long stream) { return (void)stream, copy((void *)to, from, bytes); }
int cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, long stream) { return (void)stream, copy(to, (void *)from, bytes); }
int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, long stream) { return (void)stream, copy((void *)to, (void *)from, bytes); }

int cuMemcpyPeerAsync(uint64_t to, long to_context, uint64_t from, long from_context, size_t bytes, long stream) {
    called("cuMemcpyPeerAsync %ld to %ld", from_context, to_context);
    (void)stream;
    return copy((void *)to, (void *)from, bytes);
}

int cuMemsetD8Async(uint64_t address, unsigned char value, size_t bytes, long stream) {
    (void)stream;
    memset((void *)address, value, bytes);
    return SUCCESS;
}

#define MAKE(name) int name(long *handle, unsigned flags) { static long count; called(#name " flags=%u", flags); *handle = ++count; return SUCCESS; }
#define DROP(name) int name(long handle) { called(#name); return handle ? SUCCESS : INVALID_VALUE; }

MAKE(cuStreamCreate)
MAKE(cuEventCreate)
DROP(cuStreamDestroy_v2)
DROP(cuEventDestroy_v2)
DROP(cuModuleUnload)
DROP(cuGraphDestroy)
DROP(cuGraphExecDestroy)

int cuStreamSynchronize(long stream) { return (void)stream, SUCCESS; }
int cuEventRecord(long event, long stream) { return (void)event, (void)stream, SUCCESS; }
int cuEventSynchronize(long event) { return (void)event, SUCCESS; }

int cuEventElapsedTime(float *milliseconds, long start, long end) {
    (void)start, (void)end;
    *milliseconds = 1;
    return SUCCESS;
}

int cuModuleLoadDataEx(long *module, const char *ptx, unsigned count, int *options, void **values) {
    (void)options, (void)values;
    called("cuModuleLoadDataEx options=%u %.8s", count, ptx);
    *module = 7;
    return strstr(ptx, ".version") ? SUCCESS : INVALID_VALUE;
}

enum { OTHER = 8, PATTERN_WRITE, PATTERN_CHECK };

int cuModuleGetFunction(long *function, long module, const char *name) {
    called("cuModuleGetFunction %s", name);
    *function = !strcmp(name, "pattern_write") ? PATTERN_WRITE : !strcmp(name, "pattern_check") ? PATTERN_CHECK : OTHER;
    return module ? SUCCESS : INVALID_VALUE;
}

static int kernels_run(void) {
#ifdef NO_KERNELS
    return 0;
#else
    const char *answer = ask(HERE, "kernels");
    return !answer || atoi(value_of(answer));
#endif
}

/* The word of Kernels.ptx: the finaliser of splitmix64, masked and flipped. */
static uint64_t pattern(uint64_t x, uint64_t mask, uint64_t flip) {
    x *= 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return ((x ^ x >> 31) & mask) ^ flip;
}

static void test_memory(long function, void **arguments) {
    uint64_t values[6];
    for (int i = 0; i < (function == PATTERN_CHECK ? 6 : 5); i++)
        values[i] = *(uint64_t *)arguments[i];
    uint64_t *memory = (uint64_t *)values[0], count = values[1], seed = values[2], mask = values[3], flip = values[4];
    if (function == PATTERN_WRITE) {
        for (uint64_t i = 0; i < count; i++)
            memory[i] = pattern(i + seed, mask, flip);
        return;
    }
    uint64_t *results = (uint64_t *)values[5];
    for (uint64_t i = 0; i < count; i++) {
        uint64_t bits = memory[i] ^ pattern(i + seed, mask, flip);
        if (!bits)
            continue;
        results[0]++;
        results[1] = i < results[1] ? i : results[1];
        results[2] |= bits;
    }
    results[3] += count;
}

int cuLaunchKernel(long function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, long stream, void **arguments, void **extra) {
    (void)shared, (void)stream, (void)extra;
    NEED_CONTEXT("cuLaunchKernel");
    if (!gx || !gy || !gz || !bx || !by || !bz || bx * by * bz > 1024)
        return INVALID_VALUE;
    if (function != OTHER && kernels_run())
        test_memory(function, arguments);
    return SUCCESS;
}

int cuStreamBeginCapture_v2(long stream, int mode) { return (void)stream, (void)mode, SUCCESS; }

int cuStreamEndCapture(long stream, long *graph) {
    (void)stream;
    *graph = 9;
    return SUCCESS;
}

int cuGraphInstantiateWithFlags(long *executable, long graph, unsigned long long flags) {
    (void)flags;
    *executable = graph + 1;
    return SUCCESS;
}

int cuGraphLaunch(long executable, long stream) { return (void)executable, (void)stream, SUCCESS; }
