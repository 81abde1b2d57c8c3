/* A fake libnvidia-ml.so.1 (nvml.h): a device is 1 + its index, a MIG device 1000 * (1 + index) + 1 + its own index. */
#include "fake.h"

enum { SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, VERSION_MISMATCH = 25 };

static int started;

#define HERE ((void *)nvmlInit_v2)
#define NEED_START(name) do { if (!started) { called(name " before nvmlInit"); return UNINITIALIZED; } } while (0)

/* As the driver's library does for root: the answer "node 0 PATH TEXT" makes the file PATH where there is none. */
static void make_node(void *here) {
    const char *node = value_of(ask(here, "node"));
    char path[1024], text[64];
    if (sscanf(node, "%1023s %63[^\n]", path, text) != 2)
        return;
    FILE *file = fopen(path, "wx");
    if (file) {
        fputs(text, file);
        fclose(file);
    }
}

int nvmlInit_v2(void) {
    called("nvmlInit_v2");
    make_node(HERE);
    int status = status_of(ask(HERE, "nvmlInit_v2"), SUCCESS);
    started += status == SUCCESS;
    return status;
}

int nvmlShutdown(void) {
    called("nvmlShutdown");
    if (!started)
        return UNINITIALIZED;
    started--;
    return SUCCESS;
}

const char *nvmlErrorString(int status) { return status ? "fake error" : "Success"; }

static int text(const char *name, long device, char *to, unsigned size) {
    called("%s device=%ld size=%u", name, device, size);
    if (!started)
        return UNINITIALIZED;
    const char *answer = device ? ask(HERE, "%ld/%s", device - 1, name) : ask(HERE, "%s", name);
    if (status_of(answer, NOT_SUPPORTED) == SUCCESS)
        copy_text(value_of(answer), to, size);
    return status_of(answer, NOT_SUPPORTED);
}

/* Fills numbers of the given width from the answer. */
static int numbers(const char *name, long device, long argument, int count, int bytes, ...) {
    const char *answer = argument >= 0 ? ask(HERE, "%ld/%s/%ld", device - 1, name, argument)
        : device ? ask(HERE, "%ld/%s", device - 1, name) : ask(HERE, "%s", name);
    called(argument >= 0 ? "%s device=%ld argument=%ld" : "%s device=%ld", name, device, argument);
    if (!started)
        return UNINITIALIZED;
    int status = status_of(answer, NOT_SUPPORTED);
    if (status != SUCCESS)
        return status;
    char *at = (char *)value_of(answer);
    va_list list;
    va_start(list, bytes);
    for (int i = 0; i < count; i++) {
        void *to = va_arg(list, void *);
        unsigned long long value = strtoull(at, &at, 10);
        memcpy(to, &value, bytes);
    }
    va_end(list);
    return SUCCESS;
}

int nvmlSystemGetDriverVersion(char *to, unsigned size) { return text("nvmlSystemGetDriverVersion", 0, to, size); }
int nvmlSystemGetCudaDriverVersion_v2(int *version) { return numbers("nvmlSystemGetCudaDriverVersion_v2", 0, -1, 1, 4, version); }
int nvmlDeviceGetCount_v2(unsigned *count) { return numbers("nvmlDeviceGetCount_v2", 0, -1, 1, 4, count); }

int nvmlDeviceGetHandleByIndex_v2(unsigned index, long *device) {
    called("nvmlDeviceGetHandleByIndex_v2 index=%u", index);
    NEED_START("nvmlDeviceGetHandleByIndex_v2");
    int status = status_of(ask(HERE, "%u/handle", index), SUCCESS);
    *device = status == SUCCESS ? 1 + (long)index : 0;
    return status;
}

int nvmlDeviceGetName(long device, char *to, unsigned size) { return text("nvmlDeviceGetName", device, to, size); }
int nvmlDeviceGetUUID(long device, char *to, unsigned size) { return text("nvmlDeviceGetUUID", device, to, size); }

#define NUMBER(name) int name(long device, unsigned *value) { return numbers(#name, device, -1, 1, 4, value); }
#define NUMBER_OF(name) int name(long device, unsigned argument, unsigned *value) { return numbers(#name, device, argument, 1, 4, value); }
#define PAIR(name) int name(long device, unsigned *first, unsigned *second) { return numbers(#name, device, -1, 2, 4, first, second); }
#define LONG(name) int name(long device, unsigned long long *value) { return numbers(#name, device, -1, 1, 8, value); }

NUMBER(nvmlDeviceGetMinorNumber)
NUMBER(nvmlDeviceGetPowerUsage)
NUMBER(nvmlDeviceGetEnforcedPowerLimit)
NUMBER(nvmlDeviceGetPowerManagementDefaultLimit)
NUMBER(nvmlDeviceGetPersistenceMode)
NUMBER(nvmlDeviceGetComputeMode)
NUMBER(nvmlDeviceGetCurrPcieLinkGeneration)
NUMBER(nvmlDeviceGetMaxPcieLinkGeneration)
NUMBER(nvmlDeviceGetCurrPcieLinkWidth)
NUMBER(nvmlDeviceGetMaxPcieLinkWidth)
NUMBER(nvmlDeviceGetPcieReplayCounter)
NUMBER(nvmlDeviceGetMaxMigDeviceCount)
NUMBER(nvmlDeviceGetGpuInstanceId)
NUMBER(nvmlDeviceGetComputeInstanceId)
NUMBER_OF(nvmlDeviceGetClockInfo)
NUMBER_OF(nvmlDeviceGetMaxClockInfo)
NUMBER_OF(nvmlDeviceGetTemperature)
NUMBER_OF(nvmlDeviceGetNvLinkState)
PAIR(nvmlDeviceGetCudaComputeCapability)
PAIR(nvmlDeviceGetEccMode)
PAIR(nvmlDeviceGetMigMode)
LONG(nvmlDeviceGetCurrentClocksEventReasons)

int nvmlDeviceGetUtilizationRates(long device, unsigned *both) { return numbers("nvmlDeviceGetUtilizationRates", device, -1, 2, 4, both, both + 1); }

int nvmlDeviceGetRemappedRows(long device, unsigned *a, unsigned *b, unsigned *c, unsigned *d) {
    return numbers("nvmlDeviceGetRemappedRows", device, -1, 4, 4, a, b, c, d);
}

int nvmlDeviceGetTotalEccErrors(long device, unsigned error, unsigned counter, unsigned long long *count) {
    char name[64];
    snprintf(name, sizeof name, "nvmlDeviceGetTotalEccErrors/%u", error);
    return numbers(name, device, counter, 1, 8, count);
}

/* nvmlMemory_v2_t; the version has the structure's size in its low 24 bits. */
struct memory_v2 { unsigned version; unsigned long long total, reserved, free, used; };

int nvmlDeviceGetMemoryInfo_v2(long device, struct memory_v2 *memory) {
    called("nvmlDeviceGetMemoryInfo_v2 version=%#x", memory->version);
    if (memory->version != (sizeof *memory | 2u << 24))
        return VERSION_MISMATCH;
    return numbers("nvmlDeviceGetMemoryInfo_v2", device, -1, 4, 8, &memory->total, &memory->reserved, &memory->free, &memory->used);
}

/* nvmlPciInfo_t */
struct pci { char legacy[16]; unsigned domain, bus, device, id, subsystem; char bus_id[32]; };

int nvmlDeviceGetPciInfo_v3(long device, struct pci *pci) {
    int status = numbers("nvmlDeviceGetPciInfo_v3", device, -1, 3, 4, &pci->domain, &pci->bus, &pci->device);
    if (status == SUCCESS) {
        snprintf(pci->bus_id, sizeof pci->bus_id, "%08X:%02X:%02X.0", pci->domain, pci->bus, pci->device);
        snprintf(pci->legacy, sizeof pci->legacy, "%04X:%02X:%02X.0", pci->domain & 0xffff, pci->bus & 0xff, pci->device & 0xff);
    }
    return status;
}

/* nvmlGpuFabricInfo_v2_t */
struct fabric_v2 { unsigned version; unsigned char cluster[16]; int status; unsigned clique; unsigned char state; unsigned health; };

int nvmlDeviceGetGpuFabricInfoV(long device, struct fabric_v2 *fabric) {
    called("nvmlDeviceGetGpuFabricInfoV version=%#x", fabric->version);
    if (fabric->version != (sizeof *fabric | 2u << 24))
        return VERSION_MISMATCH;
    unsigned state = 0, status = 0;
    int answer = numbers("nvmlDeviceGetGpuFabricInfoV", device, -1, 2, 4, &state, &status);
    fabric->state = state;
    fabric->status = status;
    return answer;
}

/* nvmlProcessInfo_v2_t, of the functions that end in _v3 */
struct process { unsigned pid; unsigned long long memory; unsigned gpu_instance, compute_instance; };

int nvmlDeviceGetComputeRunningProcesses_v3(long device, unsigned *count, struct process *processes) {
    called("nvmlDeviceGetComputeRunningProcesses_v3 device=%ld room=%u", device, *count);
    if (!started)
        return UNINITIALIZED;
    const char *answer = ask(HERE, "%ld/nvmlDeviceGetComputeRunningProcesses_v3", device - 1);
    if (status_of(answer, NOT_SUPPORTED) != SUCCESS)
        return status_of(answer, NOT_SUPPORTED);
    char *at = (char *)value_of(answer);
    unsigned long most = *count, filled = 0, all = strtoul(at, &at, 10);
    for (; filled < all && filled < most; filled++) {
        processes[filled].pid = strtoul(at, &at, 10);
        processes[filled].memory = strtoull(at, &at, 10);
        processes[filled].gpu_instance = processes[filled].compute_instance = ~0u;
    }
    *count = all;
    return all > most ? 7 : SUCCESS; /* insufficient size */
}

int nvmlDeviceGetMigDeviceHandleByIndex(long device, unsigned index, long *mig) {
    called("nvmlDeviceGetMigDeviceHandleByIndex device=%ld index=%u", device, index);
    if (!ask(HERE, "%ld/nvmlDeviceGetUUID", 1000 * device + index))
        return NOT_FOUND;
    *mig = 1000 * device + index + 1;
    return SUCCESS;
}

/* nvmlDeviceAttributes_t */
struct attributes { unsigned multiprocessors, copy_engines, decoders, encoders, jpeg, ofa, gpu_slices, compute_slices; unsigned long long memory_mib; };

int nvmlDeviceGetAttributes_v2(long device, struct attributes *attributes) {
    unsigned long long multiprocessors = 0, memory = 0;
    int status = numbers("nvmlDeviceGetAttributes_v2", device, -1, 2, 8, &multiprocessors, &memory);
    memset(attributes, 0, sizeof *attributes);
    attributes->multiprocessors = multiprocessors;
    attributes->memory_mib = memory;
    return status;
}
