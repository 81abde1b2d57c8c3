"""What a killed command may not leave on the machine, once the next command has looked at it."""

import fcntl
import glob
import os
import re
import time

# A monitor waits half a minute for the client that it was started for.
PATIENCE = 40
SANDBOX_IS_FRESH = 15
UNFINISHED = re.compile(r"\.[0-9a-f]{1,8}-[0-9a-f]{32}\.tmp$")


def find(yard):
    """What is left that belongs to nothing that runs. It has a moment to go: processes end after the answer of the command that ended them."""
    end = time.monotonic() + PATIENCE
    while True:
        left = look(yard)
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.2)


def look(yard):
    running = {container["id"] for container in yard.containers() if container["status"] == "Running"}
    return [
        *(f"process left: {what}" for what in processes(yard, running)),
        *(f"mount left: {what}" for what in mounts(yard)),
        *(f"cgroup left: {what}" for what in cgroups(yard, running)),
        *(f"in tmp: {what}" for what in temporary(yard)),
        *(f"never finished: {what}" for what in unfinished(yard)),
        *(f"on the stage: {what}" for what in stage() if what != "rootfs"),
        *(f"lock held: {what}" for what in locks(yard)),
        *(f"container directory left: {what}" for what in directories(yard)),
    ]


def processes(yard, running):
    for pid in yard.processes():
        about = read(f"/proc/{pid}/cmdline").replace("\0", " ") + read(f"/proc/{pid}/cgroup")
        if not any(container in about for container in running) and os.path.exists(f"/proc/{pid}/exe"):
            if parents(pid) & {int(other) for other in yard.processes() if any(c in read(f"/proc/{other}/cmdline") for c in running)}:
                continue
            yield f"{pid} {about.strip().splitlines()[0][:200]}"


def parents(pid):
    found = set()
    while pid > 1 and pid not in found:
        found.add(pid)
        text = read(f"/proc/{pid}/stat")
        fields = text[text.rfind(")") + 2:].split()
        pid = int(fields[1]) if len(fields) > 1 else 0
    return found


def mounts(yard):
    """In the mount namespace of the machine: those of containers have to be in their own."""
    for line in read("/proc/self/mountinfo").splitlines():
        if yard.work in line or " /run/torchyard/" in line:
            yield line


def cgroups(yard, running):
    seen = known(yard)
    for directory in {*glob.glob("/sys/fs/cgroup/torchyard/*"), *glob.glob("/sys/fs/cgroup/*/torchyard/*"), *glob.glob("/sys/fs/cgroup/*/*/torchyard/*")}:
        name = os.path.basename(directory)
        if name in seen and name not in running and os.path.isdir(directory):
            yield directory


def sandboxes():
    """Cgroups of build sandboxes that are over; every build removes those that are older than some seconds."""
    for directory in {*glob.glob("/sys/fs/cgroup/torchyard/ty-build-*"), *glob.glob("/sys/fs/cgroup/*/torchyard/ty-build-*")}:
        if not read(os.path.join(directory, "cgroup.procs")).strip() and time.time() - os.stat(directory).st_mtime > SANDBOX_IS_FRESH:
            yield f"cgroup of a sandbox left: {directory}"


def known(yard):
    """Every container that this store ever had: the names are written down as they are seen."""
    notes = os.path.join(yard.work, "containers-seen")
    now = set(read(notes).split())
    containers = os.path.join(yard.store, "containers")
    found = {m.group() for name in (os.listdir(containers) if os.path.isdir(containers) else []) if (m := re.search(r"[0-9a-f]{64}", name))}
    if found - now:
        with open(notes, "a", encoding="utf-8") as file:
            file.writelines(name + "\n" for name in found - now)
    return now | found


def temporary(yard):
    """Leftovers are there until prune takes them; what is there afterwards stays for ever."""
    directory = os.path.join(yard.store, "tmp")
    if os.path.isdir(directory) and os.listdir(directory):
        yard.run("prune")
        yield from os.listdir(directory)


def unfinished(yard):
    """Files under the temporary name of one that appears by rename. prune takes those that are ten minutes old, so they are made older."""
    def found():
        for root, directories, files in os.walk(yard.store):
            if root == yard.store:
                directories[:] = [name for name in directories if name not in ("layers", "volumes", "projects", "containers", "tmp")]
            yield from (os.path.join(root, name) for name in files if UNFINISHED.search(name))
    left = list(found())
    if left:
        for path in left:
            os.utime(path, (0, 0))
        yard.run("prune")
        yield from found()


def stage():
    """The stage is empty on the machine, whatever is mounted on it for a container."""
    if os.path.isdir("/run/torchyard/stage"):
        yield from os.listdir("/run/torchyard/stage")


def directories(yard):
    yield from glob.glob(os.path.join(yard.store, "containers", ".removing-*"))


def locks(yard):
    """Every lock file can be had at once: nothing that is left holds one."""
    for root, _, files in os.walk(yard.store):
        if "/layers/" in root or "/volumes/" in root or "/projects/" in root or "/containers/" in root:
            continue
        for name in files:
            if name.endswith("lock"):
                with open(os.path.join(root, name), "rb") as file:
                    try:
                        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    except BlockingIOError:
                        yield os.path.join(root, name)


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode(errors="replace")
    except OSError:
        return ""
