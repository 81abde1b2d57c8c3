"""Breaks the machine in six ways, each in a mount namespace of its own or undone at once, and reads what Torchyard says about it."""

import glob
import os
import shutil
import subprocess

from container import minors, name

# A /dev without one node: the others are bound from the real one.
WITHOUT_NODE = """
old=$(mktemp -d)
mount --rbind /dev "$old"
mount -t tmpfs -o mode=755 tmpfs /dev
for path in "$old"/* "$old"/.[!.]*; do
    file=${path##*/}
    [ "$file" = "$HIDDEN" ] && continue
    if [ -L "$path" ]; then cp -a "$path" /dev/; elif [ -d "$path" ]; then mkdir "/dev/$file"; mount --rbind "$path" "/dev/$file"; elif [ -e "$path" ]; then : > "/dev/$file"; mount --bind "$path" "/dev/$file"; fi
done
"""

WITHOUT_LIBRARY = """
work=$(mktemp -d)
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/work"
mount -t overlay -o "lowerdir=$LIBRARIES,upperdir=$work/upper,workdir=$work/work" overlay "$LIBRARIES"
rm -f "$LIBRARIES"/libnvidia-ptxjitcompiler.so*
"""


def apart(proof, setup, *command, env=None, limit=60, label="apart"):
    """Runs a command where the set-up has changed what the machine looks like, for this command only."""
    script = 'set -e\nmount --make-rprivate /\n' + setup + '\nexec "$@"\n'
    environment = dict(proof.environment, **(env or {}))
    return proof.run("unshare", "-m", "sh", "-c", script, "sh", *command, env=environment, limit=limit, name=label)


def finding(proof, what, result, identifier, words, cure):
    """doctor must have this finding, as a failure or warning, with a cure."""
    found = [f for f in result.json().get("findings", []) if f["id"] == identifier and f["state"].lower() in ("fail", "warn") and words in f["text"]]
    proof.check(f"{what}: doctor finds {identifier}", found, found[0]["text"] if found else result.words)
    if found:
        proof.check(f"{what}: with its cure", cure in (found[0].get("cure") or ""), found[0].get("cure"))


def hidden_node(proof):
    env = {"HIDDEN": "nvidia-uvm"}
    finding(proof, "node hidden", apart(proof, WITHOUT_NODE, proof.torchyard, "doctor", "--json", env=env, label="node-doctor"), "nodes.missing", "/dev/nvidia-uvm", "nvidia-modprobe -u")
    run = apart(proof, WITHOUT_NODE, proof.torchyard, "run", "--rm", "--gpus", "all", name(proof), "true", env=env, label="node-run")
    proof.check("node hidden: run refuses and names it", not run.ok and "TY5010" in run.err and "/dev/nvidia-uvm" in run.err, run.words)


def wrong_library(proof):
    folder = os.path.join(proof.work, "wrong")
    os.makedirs(folder, exist_ok=True)
    real = next(iter(glob.glob("/usr/local/nvidia/lib64/libcuda.so.*.*") + glob.glob("/usr/lib/x86_64-linux-gnu/libcuda.so.*.*")), None)
    if not proof.check("wrong library: there is one to take as a model", real is not None):
        return
    shutil.copy(real, os.path.join(folder, "libcuda.so.535.104.05"))
    if not os.path.islink(link := os.path.join(folder, "libcuda.so.1")):
        os.symlink("libcuda.so.535.104.05", link)
    env = dict(proof.environment, LD_LIBRARY_PATH=folder)
    doctor = proof.yard("doctor", "--json", env=env, name="library-doctor")
    found = [f for f in doctor.json().get("findings", []) if f["id"] in ("driver.mismatch", "driver.second-library") and "535.104.05" in f["text"]]
    proof.check("wrong library: doctor finds it", found, found[0]["text"] if found else doctor.words)
    if found:
        proof.check("wrong library: with its cure", "LD_LIBRARY_PATH" in (found[0].get("cure") or ""), found[0].get("cure"))
    inside = proof.yard("run", "--rm", "--gpus", "all", name(proof), "python3", "-c",
                        "import ctypes; c=ctypes.CDLL('libcuda.so.1'); print(c.cuInit(0)); print([l.split()[-1] for l in open('/proc/self/maps') if 'libcuda.so' in l][0])", env=env, name="library-run")
    proof.check("wrong library: a container gets the right one all the same", inside.ok and inside.out.startswith("0\n") and "535" not in inside.out, inside.out.strip() or inside.words)


def small_shm(proof):
    setup = "mount -t tmpfs -o size=64m tmpfs /dev/shm"
    finding(proof, "/dev/shm of 64 MB", apart(proof, setup, proof.torchyard, "doctor", "--json", label="shm-doctor"), "system.shm", "/dev/shm has 0.06 GiB", "--shm-size")
    program = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "src", "Torchyard.Gpus", "Verify", "verify.py")
    if os.path.exists(program):
        checks = proof.yard("run", "--rm", "--gpus", "all", "--shm-size", "64m", "-v", f"{program}:/verify.py:ro", name(proof), "python3", "-I", "/verify.py", "--only=DataLoader with workers", limit=90, name="shm-verify")
        line = next((l for l in checks.out.splitlines() if "DataLoader with workers" in l), "")
        proof.check("/dev/shm of 64 MB: the DataLoader's check fails and names it", '"failed"' in line and "/dev/shm" in line, line or checks.words)


def no_permission(proof):
    from container import ordinary_user

    user = ordinary_user(proof)
    paths = [p for p in glob.glob("/dev/nvidia[0-9]*")]
    modes = {p: os.stat(p).st_mode & 0o7777 for p in paths}
    try:
        for path in paths:
            os.chmod(path, 0o600)
        result = proof.yard("doctor", "--json", user=user, name="permission-doctor")
    finally:
        for path, mode in modes.items():
            os.chmod(path, mode)
    finding(proof, "no permission", result, "nodes.permission", "may not open it", "NVreg_DeviceFileMode=0666")


BUSY = """
import sys, time
try:
    import torch
    held = torch.empty(8 << 30, dtype=torch.uint8, device="cuda")
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
print("busy", flush=True)
time.sleep(120)
"""


def busy_gpu(proof):
    process = subprocess.Popen([proof.python, "-c", BUSY], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        if not proof.check("busy: a program holds 8 GiB", process.stdout.readline().strip() == "busy"):
            return
        finding(proof, "busy", proof.yard("doctor", "--json", name="busy-doctor"), "gpu.busy", "of its memory", "torchyard ps")
        # As many as there are: a smaller number would be met by the others.
        run = proof.yard("run", "--rm", "--gpus", str(len(minors())), name(proof), "true", name="busy-run")
        listed = proof.run("nvidia-smi", "--query-compute-apps=pid", "--format=csv,noheader", name="busy-smi").out.strip()
        # Where the driver does not show processes of this namespace, neither NVML nor nvidia-smi can name them.
        proof.check("busy: --gpus with the number of all refuses and names the process", ("TY5013" in run.err and "process" in run.err) if listed else None, run.words if listed else "the driver lists no processes here")
    finally:
        process.kill()
        process.wait()


def missing_library(proof):
    directory = "/usr/local/nvidia/lib64" if glob.glob("/usr/local/nvidia/lib64/libcuda.so*") else "/usr/lib/x86_64-linux-gnu"
    env = {"LIBRARIES": directory}
    finding(proof, "library missing", apart(proof, WITHOUT_LIBRARY, proof.torchyard, "doctor", "--json", env=env, label="missing-doctor"), "driver.incomplete", "libnvidia-ptxjitcompiler", "install every library")
    run = apart(proof, WITHOUT_LIBRARY, proof.torchyard, "run", "--rm", "--gpus", "all", name(proof), "true", env=env, label="missing-run")
    proof.check("library missing: run warns of it", run.ok and "libnvidia-ptxjitcompiler" in run.err and "PTX" in run.err, run.words)


def sabotage(proof):
    for action in (hidden_node, wrong_library, small_shm, no_permission, busy_gpu, missing_library):
        try:
            action(proof)
        except (OSError, subprocess.SubprocessError) as error:
            proof.check(f"{action.__name__}: could be arranged", False, error)
    gone = proof.yard("doctor", "--json", name="after").json()
    proof.check("the machine is whole again", gone.get("is_healthy") is True, [f["text"] for f in gone.get("findings", []) if f["state"].lower() == "fail"])
