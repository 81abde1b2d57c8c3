"""Records a machine as tests/Torchyard.Testing/Gpus/Machines keeps it: NVML's answers, /proc, /sys, /dev as text, names of driver files."""

import glob
import os
import re
import stat

TEXTS = [
    "/proc/driver/nvidia/version", "/proc/driver/nvidia/params", "/proc/driver/nvidia/gpus/*/information", "/proc/driver/nvidia/gpus/*/numa_status",
    "/proc/driver/nvidia/capabilities/**/*", "/proc/driver/nvidia-caps/*", "/proc/driver/nvidia-nvswitch/**/*", "/proc/devices", "/proc/filesystems", "/proc/sys/kernel/osrelease",
    "/proc/sys/kernel/numa_balancing", "/proc/sys/user/max_user_namespaces", "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    "/sys/module/nvidia/version", "/sys/bus/pci/devices/*/vendor", "/sys/bus/pci/devices/*/class", "/sys/bus/pci/devices/*/device", "/sys/bus/pci/devices/*/numa_node",
    "/sys/bus/pci/devices/*/current_link_speed", "/sys/bus/pci/devices/*/current_link_width", "/sys/fs/cgroup/cgroup.controllers", "/sys/class/net/*/operstate",
    "/sys/class/infiniband/*/ports/*/state", "/sys/class/infiniband/*/ports/*/rate",
]
NODES = ["/dev/nvidia*", "/dev/nvidia-caps/*", "/dev/nvidia-caps-imex-channels/*", "/dev/infiniband/*", "/dev/gdrdrv", "/dev/dxg"]
DRIVER = ["/usr/local/nvidia/lib64", "/usr/local/nvidia/bin", "/usr/lib/x86_64-linux-gnu"]
DRIVER_NAME = re.compile(r"(lib(cuda|nv|EGL_nvidia|GLES.*_nvidia|GLX_nvidia|vdpau_nvidia).*\.so.*|nvidia-.*)")


class Anonymous:
    """UUIDs and serial numbers become counted ones, the same everywhere."""

    def __init__(self):
        self.known = {}

    def __call__(self, text):
        def replace(found):
            kind = found.group(1)
            return self.known.setdefault(found.group(0), f"{kind}00000000-0000-0000-0000-{len(self.known) + 1:012}")

        return re.sub(r"(GPU-|MIG-)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", replace, text)


def write(root, path, content):
    target = root + path
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "w", encoding="utf-8") as file:
        file.write(content)


def record(proof):
    folder = os.path.join(proof.work, "machine")
    root = os.path.join(folder, "root")
    os.makedirs(root, exist_ok=True)
    anonymous = Anonymous()
    nvml = proof.yard("gpus", "--json", limit=20)
    with open(os.path.join(folder, "nvml.json"), "w", encoding="utf-8") as file:
        file.write(anonymous(nvml.out))
    count = 0
    for pattern in TEXTS:
        for path in glob.glob(pattern, recursive=True):
            if os.path.isfile(path):
                try:
                    with open(path, encoding="utf-8", errors="replace") as file:
                        write(root, path, anonymous(file.read(1 << 20)))
                        count += 1
                except OSError:
                    pass  # some files of /proc and /sys cannot be read by anybody
    for pattern in NODES:
        for path in glob.glob(pattern):
            info = os.stat(path)
            if stat.S_ISCHR(info.st_mode):
                write(root, path, f"c {os.major(info.st_rdev)}:{os.minor(info.st_rdev)} {stat.S_IMODE(info.st_mode):04o} {info.st_uid}:{info.st_gid}\n")
                count += 1
    for directory in DRIVER:
        for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else []:
            path = os.path.join(directory, name)
            if not DRIVER_NAME.fullmatch(name) or os.path.isdir(path):
                continue
            os.makedirs(root + directory, exist_ok=True)
            if os.path.islink(path):
                os.symlink(os.readlink(path), root + path)
            else:
                write(root, path, "")
            count += 1
    disk = os.statvfs("/dev/shm")
    write(root, "/dev/shm.space", f"{disk.f_frsize * disk.f_bavail} {disk.f_frsize * disk.f_blocks}\n")
    os.makedirs(root + "/dev/shm", exist_ok=True)
    names = ", ".join(sorted({g.get("name", "?") for g in nvml.json().get("gpus", [])}))
    with open(os.path.join(folder, "README.md"), "w", encoding="utf-8") as file:
        file.write(f"A machine with {names}, recorded by bench/gpu-proof: what NVML answered (`nvml.json`, form of `torchyard gpus --json`), `/proc`, `/sys`, "
                   "and the names of the driver's files, which are empty. Device nodes are text, see `MachineFiles.Device`. UUIDs are replaced.\n")
    proof.check("recorded as a fixture", nvml.ok and count > 20, f"{count} files")
    proof.number("recorded files", count)
