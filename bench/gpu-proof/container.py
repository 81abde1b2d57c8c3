"""Images and containers: capture, run as root and as an ordinary user, what a container may not do, how long a start takes."""

import os
import pwd
import re
import shutil
import statistics
import subprocess

IMAGE = "proof"
GIB = 1 << 30

# Runs inside with the image's own Python and its standard library only.
INSIDE = r"""
import ctypes, json, os, stat, sys
found = {"uid": os.getuid(), "nodes": sorted(p for p in os.listdir("/dev") if p.startswith("nvidia")), "opened": {}, "made": {}, "cgroup": {}}
for name in found["nodes"]:
    path = "/dev/" + name
    if stat.S_ISCHR(os.stat(path).st_mode):
        try:
            os.close(os.open(path, os.O_RDWR)); found["opened"][name] = "opened"
        except OSError as error:
            found["opened"][name] = error.strerror
for name, kind, major, minor in json.loads(sys.argv[1]):
    path = f"/tmp/made-{name}"
    try:
        os.mknod(path, 0o600 | (stat.S_IFBLK if kind == "b" else stat.S_IFCHR), os.makedev(major, minor))
        try:
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK)); found["made"][name] = "opened"
        except OSError as error:
            found["made"][name] = "refused: " + error.strerror
    except OSError as error:
        found["made"][name] = "refused to make: " + error.strerror
for name in ("memory.max", "cpu.max", "pids.max"):
    try:
        found["cgroup"][name] = open("/sys/fs/cgroup/" + name).read().strip()
    except OSError as error:
        found["cgroup"][name] = error.strerror
shm = os.statvfs("/dev/shm")
found["shm"] = shm.f_frsize * shm.f_blocks
found["variables"] = {k: v for k, v in os.environ.items() if k.split("_")[0] in ("NCCL", "TORCH", "NVSHMEM", "CUDA", "LD")}
try:
    cuda = ctypes.CDLL("libcuda.so.1")
    status, count = cuda.cuInit(0), ctypes.c_int()
    cuda.cuDeviceGetCount(ctypes.byref(count))
    found["cuda"] = {"cuInit": status, "devices": count.value, "library": [l.split()[-1] for l in open("/proc/self/maps") if "libcuda.so" in l][0]}
except OSError as error:
    found["cuda"] = {"cuInit": -1, "devices": 0, "library": str(error)}
print(json.dumps(found))
"""

# Nodes that no container of ours was given: memory and log of the kernel, the capabilities of MIG, a loop disk.
FOREIGN = [["mem", "c", 1, 1], ["kmsg", "c", 1, 11], ["modeset", "c", 195, 254], ["loop", "b", 7, 0]]


def size_of(folder):
    return sum(os.lstat(os.path.join(parent, name)).st_size for parent, _, names in os.walk(folder) for name in names)


def images(proof, **options):
    return proof.yard("images", "--json", **options).json() or []


def digest_of(proof, **options):
    for image in images(proof, **options):
        if any(IMAGE == str(name).split(":")[0].split("/")[-1] for name in [image.get("name", ""), *image.get("names", [])]):
            return image.get("digest") or image.get("manifest"), image
    return None, {}


def capture(proof):
    """The environment of this machine as an image, twice."""
    if proof.options.image:
        proof.check("an image of the store is used in place of a capture", True, proof.options.image)
        return
    source = proof.options.environment
    arguments = ["capture", source, *proof.options.capture]
    first = proof.yard(*arguments, limit=240, name="capture-1")
    if not proof.check(f"capture {source}", first.ok, first.words):
        return
    digest, image = digest_of(proof)
    proof.number("capture", first.seconds, "s")
    proof.number("size on disk", round(size_of(source) / GIB, 2), "GiB")
    proof.number("size as an image", round((image.get("size") or 0) / GIB, 2), "GiB")
    proof.check("the image is in the store", bool(digest), digest or images(proof))
    if proof.options.twice:
        other = dict(proof.environment, TORCHYARD_STORE=os.path.join(proof.work, "second"))
        second = proof.yard(*arguments, limit=240, name="capture-2", env=other)
        again, _ = digest_of(proof, env=other)
        proof.number("second capture", second.seconds, "s")
        proof.check("the second capture, in another store, has the same digest", second.ok and again == digest, again if second.ok else second.words)
        shutil.rmtree(other["TORCHYARD_STORE"], ignore_errors=True)


def name(proof):
    return proof.options.image or IMAGE


def inside(proof, *options, user=None, image=None, limit=60, label="inside"):
    import json

    runtime = ["--runtime", proof.options.runtime] if proof.options.runtime else []
    return proof.yard("run", "--rm", *runtime, *options, image or name(proof), "python3", "-c", INSIDE, json.dumps(FOREIGN), user=user, limit=limit, name=label)


def judge(proof, who, result, gpus, root):
    found = result.json()
    if not proof.check(f"{who}: a container with GPUs starts", result.ok and found, result.words):
        return {}
    cuda = found["cuda"]
    expected = {"nvidiactl", "nvidia-uvm"} | {f"nvidia{m}" for m in minors()}
    proof.check(f"{who}: CUDA starts and sees {gpus} GPU(s)", cuda["cuInit"] == 0 and cuda["devices"] == gpus, cuda)
    proof.check(f"{who}: the driver is the machine's, found through the linker cache", "/usr/local/nvidia/lib64/" in cuda["library"] and "LD_LIBRARY_PATH" not in found["variables"], cuda["library"])
    proof.check(f"{who}: the nodes are there and open", expected <= {n for n, s in found["opened"].items() if s == "opened"}, found["opened"])
    foreign = [n for n in found["nodes"] if n not in expected and n not in ("nvidia-uvm-tools",)]
    proof.check(f"{who}: no other node of the driver", not foreign, foreign or sorted(found["nodes"]))
    refused = {k: v for k, v in found["made"].items() if v == "opened"}
    proof.check(f"{who}: nodes made inside are refused", not refused, found["made"])
    if root:
        # Nothing inside may make a device node: it is in a user namespace, and has no CAP_MKNOD. The device rules stand behind that.
        proof.check(f"{who}: root inside makes no node either", all(v.startswith(("refused: ", "refused to make: Operation not permitted")) for v in found["made"].values()), found["made"])
    return found


def minors():
    import glob

    return [int(m) for f in glob.glob("/proc/driver/nvidia/gpus/*/information") for m in re.findall(r"Device Minor:\s*(\d+)", open(f).read())]


def run_as_root(proof):
    count = len(minors())
    before = {k: proof.environment[k] for k in proof.environment if k.startswith(("NCCL_", "NVSHMEM_", "TORCH_")) and not proof.environment[k].startswith("/")}
    cpus = min(4, os.cpu_count())
    found = judge(proof, "root", inside(proof, "--user", "0", "--gpus", "all", "--memory", "8g", "--shm-size", "2g", "--cpus", str(cpus), "--pids-limit", "2000"), count, root=True)
    if found:
        proof.check("root: memory limit in force", found["cgroup"]["memory.max"] == str(8 * GIB), found["cgroup"]["memory.max"])
        quota, period = (found["cgroup"]["cpu.max"].split() + ["0", "0"])[:2]
        proof.check("root: CPU limit in force", quota.isdigit() and int(quota) == cpus * int(period) > 0, found["cgroup"]["cpu.max"])
        proof.check("root: process limit in force", found["cgroup"]["pids.max"] == "2000", found["cgroup"]["pids.max"])
        proof.check("root: /dev/shm of 2 GiB", found["shm"] == 2 * GIB, found["shm"])
        proof.check("root: the machine's settings reach the container", all(found["variables"].get(k) == v for k, v in before.items()), before or "none are set here")
    # Without --gpus the GPU must be closed, even to root who makes its node.
    script = "import os,stat; os.mknod('/tmp/g', 0o600|stat.S_IFCHR, os.makedev(195, 0)); os.open('/tmp/g', os.O_RDWR)"
    closed = proof.yard("run", "--rm", "--user", "0", name(proof), "python3", "-c", script, name="closed")
    proof.check("root: without --gpus the GPU's node is refused", not closed.ok and "Operation not permitted" in closed.err, closed.words)
    killed = proof.yard("run", "--rm", "--memory", "256m", name(proof), "python3", "-c", "x = bytearray(1 << 30); print(len(x))", name="memory")
    proof.check("root: a program over its memory limit is killed", killed.code == 137, killed.words)
    smi = proof.yard("run", "--rm", "--gpus", "all", name(proof), "nvidia-smi", "-L", name="nvidia-smi")
    proof.check("root: nvidia-smi inside", smi.ok and smi.out.count("GPU-") == count, smi.words)
    leases(proof, count)


def leases(proof, count):
    """Who has which GPU, and that a killed container gives it back."""
    started = proof.yard("run", "-d", "--name", "holder", "--gpus", str(count), name(proof), "sleep", "300", name="holder")
    if not proof.check("leases: a container takes all GPUs", started.ok, started.words):
        return
    listed = next((c for c in proof.yard("ps", "--json").json() or [] if c["name"] == "holder"), {})
    proof.check("leases: ps shows who has them", len(listed.get("gpus", [])) == count, listed.get("gpus"))
    top = next((c for c in (proof.yard("top", "--json").json() or {}).get("containers", []) if c["name"] == "holder"), {})
    gpu = (top.get("gpus") or [{}])[0]
    proof.check("leases: top shows power and temperature", bool(gpu.get("power_watts")) and bool(gpu.get("temperature_celsius")), gpu)
    second = proof.yard("run", "--rm", "--gpus", "1", name(proof), "true", name="second")
    proof.check("leases: one more is refused, by name", second.code != 0 and "TY5013" in second.err and "holder" in second.err, second.words)
    starts_when_killed(proof, "leases", "holder", 1)
    proof.yard("rm", "--force", "holder", name="rm")


def starts_when_killed(proof, step, holder, count):
    """A container that waits for as many GPUs as are not free starts when one that holds them is killed."""
    what = f"{step}: --wait starts when a holder is killed"
    waiting = subprocess.Popen(
        [proof.torchyard, "run", "--rm", "--gpus", str(count), "--wait", name(proof), "true"], env=proof.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    proof.yard("kill", "-s", "KILL", holder, name="kill")
    try:
        proof.check(what, waiting.wait(timeout=min(20, proof.remaining())) == 0, f"exit status {waiting.returncode}")
    except subprocess.TimeoutExpired:
        waiting.kill()
        waiting.wait()
        proof.check(what, False, "it still waits after 20 s")


def ordinary_user(proof):
    """An account without rights, with subordinate ids where newuidmap can be had."""
    account = "gpuproof"
    try:
        user = pwd.getpwnam(account)
    except KeyError:
        proof.run("useradd", "--create-home", "--shell", "/bin/sh", account, name="useradd")
        user = pwd.getpwnam(account)
    bundle = os.path.join(proof.options.bundle, "uidmap")
    if not shutil.which("newuidmap") and os.path.isfile(os.path.join(bundle, "newuidmap")):
        for file in os.listdir(bundle):
            target = f"/usr/bin/{file}" if file.startswith("new") else f"/usr/lib/x86_64-linux-gnu/{file}"
            if not os.path.exists(target):
                shutil.copy(os.path.join(bundle, file), target)
                os.chmod(target, 0o4755 if file.startswith("new") else 0o644)
    for file in ("/etc/subuid", "/etc/subgid"):
        with open(file, "a+", encoding="utf-8") as rows:
            rows.seek(0)
            if account + ":" not in rows.read():
                rows.write(f"{account}:200000:65536\n")
    return user


def run_as_user(proof):
    user = ordinary_user(proof)
    maps = proof.run("unshare", "--map-users=auto", "-U", "cat", "/proc/self/uid_map", user=user, name="uid-map")
    proof.check("user: subordinate ids can be mapped", maps.ok if shutil.which("newuidmap") else None, maps.words)
    environment = proof.options.small or small_environment(proof, user)
    if not environment:
        return
    made = proof.yard("capture", environment, *proof.options.small_capture, user=user, limit=120, name="capture-small")
    if not proof.check("user: captures a small environment without rights", made.ok, made.words):
        return
    proof.number("rootless capture", made.seconds, "s")
    judge(proof, "user", inside(proof, "--gpus", "all", "--best-effort", user=user, image="small"), len(minors()), root=False)
    limited = proof.yard("run", "--rm", "--memory", "256m", "small", "true", user=user, name="limit")
    said = limited.ok or "TY4" in limited.err
    proof.check("user: a limit is in force, or refused with a reason", said, limited.words)


def small_environment(proof, user):
    folder = os.path.join(user.pw_dir, "small")
    made = proof.run("python3", "-m", "venv", "--without-pip", folder, user=user, name="venv")
    if made.ok:
        return folder
    proof.check("user: a small virtual environment", False, made.words)
    return None


def start(proof):
    """What GPUs add to a start: the same command in turns, with and without."""
    with_gpus, without = [], []
    for number in range(proof.options.starts + 1):
        for times, options in ((without, []), (with_gpus, ["--gpus", "all"])):
            result = proof.yard("run", "--rm", *options, name(proof), "true", limit=20, name="start")
            if not result.ok:
                proof.check("a container starts", False, result.words)
                return
            if number > 0:  # the first of each warms the page cache
                times.append(result.seconds * 1000)
    plain, gpus = statistics.median(without), statistics.median(with_gpus)
    proof.number("start without GPUs", plain, "ms")
    proof.number("start with GPUs", gpus, "ms")
    proof.number("injection", gpus - plain, "ms")
    proof.check("injection adds under 50 ms to a start", gpus - plain < 50, f"{plain:.0f} ms without, {gpus:.0f} ms with, medians of {len(without)}")
    cdi = proof.median_ms(7, proof.torchyard, "cdi", "--output", os.path.join(proof.work, "cdi.json"), name="cdi")
    if proof.check("torchyard cdi works", cdi is not None):
        proof.number("cdi as a program", cdi, "ms")
