/* A fake libcuda.so.1 (cuda.h) that starts and sees as many devices as there are nodes; it computes nothing. */
#include "fake.h"
#include <fcntl.h>
#include <unistd.h>

enum { SUCCESS = 0, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_DEVICE = 101, UNKNOWN = 999 };

static int started, devices;

#define HERE ((void *)cuInit)

int cuInit(unsigned flags) {
    called("cuInit flags=%u", flags);
    const char *answer = ask(HERE, "cuInit");
    if (answer)
        return status_of(answer, SUCCESS);
    /* As the driver does: without the control node there is no device, without UVM's nothing works. */
    int control = open("/dev/nvidiactl", O_RDWR), uvm = open("/dev/nvidia-uvm", O_RDWR);
    if (control < 0)
        return NO_DEVICE;
    close(control);
    if (uvm < 0)
        return UNKNOWN;
    close(uvm);
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
