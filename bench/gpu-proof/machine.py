"""The machine itself: what doctor says, line by line against probes that share no code with it, and how fast it says it."""

import glob
import os
import re
import resource
import shutil
import stat

ASKED = "index,name,uuid,pci.bus_id,memory.total,driver_version,power.limit,clocks.max.sm,clocks.max.memory,ecc.mode.current,mig.mode.current," \
    "pcie.link.gen.max,pcie.link.width.max,persistence_mode,compute_mode,temperature.gpu"


def text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def module_version():
    found = re.search(r"^NVRM version:.*?\s(\d+\.\d+(\.\d+)?)\s", text("/proc/driver/nvidia/version"), re.M)
    return found.group(1) if found else None


def pci_gpus():
    return [d for d in glob.glob("/sys/bus/pci/devices/*") if text(d + "/vendor") == "0x10de" and text(d + "/class")[:6] in ("0x0300", "0x0302")]


def nodes():
    found = ["/dev/nvidiactl", "/dev/nvidia-uvm"]
    for file in glob.glob("/proc/driver/nvidia/gpus/*/information"):
        found += [f"/dev/nvidia{m}" for m in re.findall(r"Device Minor:\s*(\d+)", text(file))]
    return found


def near(said, real, share=0.02):
    return said is not None and abs(said - real) <= share * max(abs(real), 1)


def facts(proof):
    """What others will want to know about the machine."""
    for name, command in {
        "nvidia-smi": ["nvidia-smi"], "nvidia-smi-q": ["nvidia-smi", "-q"], "topology": ["nvidia-smi", "topo", "-m"], "uname": ["uname", "-a"],
        "os": ["cat", "/etc/os-release"], "mounts": ["cat", "/proc/self/mountinfo"], "environment": ["sh", "-c", "env | grep -E '^(NCCL|TORCH|NVSHMEM|CUDA|NVIDIA|LD_)' | sort"],
        "cgroup": ["sh", "-c", "cat /proc/self/cgroup; ls /sys/fs/cgroup; cat /sys/fs/cgroup/cgroup.controllers /sys/fs/cgroup/memory.max"],
        "nodes": ["sh", "-c", "ls -lnR /dev/nvidia* /dev/infiniband"], "disk": ["df", "-h", "/", "/tmp", "/dev/shm"], "memory": ["cat", "/proc/meminfo"],
    }.items():
        proof.run(*command, limit=20, name=name)
    version = module_version()
    proof.check("a driver is loaded", version is not None, version or "no NVRM version in /proc/driver/nvidia/version")
    proof.number("driver", version or "-")
    smi = proof.run("nvidia-smi", f"--query-gpu={ASKED}", "--format=csv,noheader,nounits", limit=20, name="query")
    proof.smi = [[cell.strip() for cell in line.split(",")] for line in smi.out.splitlines() if line.count(",") == ASKED.count(",")]
    proof.check("nvidia-smi answers", smi.ok and proof.smi, smi.words if not proof.smi else f"{len(proof.smi)} GPU(s): {proof.smi[0][1]}")


def times(proof):
    """doctor beside the one line that people use in its place."""
    env = {k: v for k, v in proof.environment.items()}
    proof.yard("doctor", limit=20)  # warms the page cache for both sides
    ours = [proof.yard("doctor", "--json", limit=20) for _ in range(7)]
    script = "import torch; torch.cuda.is_available()"
    proof.run(proof.python, "-c", script, limit=90, name="torch-warm", env=env)
    theirs = [proof.run(proof.python, "-c", script, limit=60, name="torch") for _ in range(3)]
    ours_ms = sorted(r.seconds * 1000 for r in ours)[len(ours) // 2]
    proof.number("doctor", ours_ms, "ms")
    proof.check("doctor under 600 ms", ours_ms < 600, f"{ours_ms:.0f} ms, median of 7")
    if proof.check("PyTorch can be imported", all(r.ok for r in theirs), theirs[0].words if not theirs[0].ok else ""):
        theirs_ms = sorted(r.seconds * 1000 for r in theirs)[1]
        proof.number("torch.cuda.is_available()", theirs_ms, "ms")
        proof.check("at least 10 times faster than PyTorch's own question", theirs_ms / ours_ms >= 10, f"{theirs_ms / ours_ms:.0f} times")


def lines(proof):
    """Every finding of doctor against a probe of its own."""
    report = proof.yard("doctor", "--json", limit=20).json()
    findings = report.get("findings", [])
    proof.check("doctor answers in JSON", findings, f"{len(findings)} findings")
    smi = [dict(zip(ASKED.split(","), row)) for row in getattr(proof, "smi", [])]
    probes = Probes(proof, smi)
    unchecked = []
    for finding in findings:
        probe = getattr(probes, re.sub(r"\W", "_", finding["id"]), None)
        if probe is None:
            unchecked.append(finding["id"])
            continue
        try:
            ok, seen = probe(finding)
        except Exception as error:
            ok, seen = False, f"the probe failed: {type(error).__name__}: {error}"
        proof.check(f"doctor: {finding['id']}", ok, f"says {finding['state'].lower()}: {finding['text']}; seen: {seen}")
    proof.check("every line has a probe", not unchecked, ", ".join(unchecked))
    proof.number("lines checked by hand", len(findings) - len(unchecked))
    bad = [f["id"] for f in findings if f["state"].lower() == "fail"]
    proof.check("nothing is broken here", not bad, ", ".join(bad))
    gpus(proof, report.get("gpus", {}).get("gpus", []), smi)


def gpus(proof, said, smi):
    """The numbers of NVML beside nvidia-smi's."""
    proof.check("as many GPUs as nvidia-smi lists", len(said) == len(smi) > 0, f"{len(said)} and {len(smi)}")
    for gpu, row in zip(said, smi):
        number = lambda key: float(row[key]) if re.fullmatch(r"[\d.]+", row[key]) else None
        on = lambda key: {"Enabled": True, "Disabled": False}.get(row[key])
        pairs = {
            "name": gpu.get("name") == row["name"],
            "UUID": gpu.get("uuid") == row["uuid"],
            "PCI address": gpu.get("pci_address", "").split(":", 1)[-1].lower() == row["pci.bus_id"].split(":", 1)[-1].lower(),
            "memory": near(gpu.get("memory_total_bytes", 0) / 2**20, number("memory.total") or 0, 0.001),
            "power limit": near(gpu.get("power_limit_watts"), number("power.limit") or 0),
            "highest SM clock": gpu.get("sm_clock_max_megahertz") == number("clocks.max.sm"),
            "highest memory clock": gpu.get("memory_clock_max_megahertz") == number("clocks.max.memory"),
            "ECC": gpu.get("ecc_enabled") == on("ecc.mode.current"),
            "MIG": gpu.get("mig_enabled") == on("mig.mode.current"),
            "PCIe generation": gpu.get("pcie_generation_max") == number("pcie.link.gen.max"),
            "PCIe lanes": gpu.get("pcie_width_max") == number("pcie.link.width.max"),
            "persistence": gpu.get("persistence_mode") == on("persistence_mode"),
            "compute mode": {0: "Default", 2: "Prohibited", 3: "Exclusive_Process"}.get(gpu.get("compute_mode")) == row["compute_mode"],
            "temperature": abs((gpu.get("temperature_celsius") or -99) - (number("temperature.gpu") or 99)) <= 6,
        }
        wrong = [name for name, ok in pairs.items() if not ok]
        proof.check(f"GPU {row['index']} as nvidia-smi has it", not wrong, f"differ: {', '.join(wrong)}" if wrong else f"{len(pairs)} values equal")
    shown = proof.run(
        proof.python, "-c",
        "import torch, json; print(json.dumps([[p.name, p.major, p.minor, p.total_memory, p.multi_processor_count] for p in map(torch.cuda.get_device_properties, range(torch.cuda.device_count()))]))",
        limit=60, name="torch-devices").json() or []
    for gpu, (name, major, minor, memory, processors) in zip(said, shown):
        ok = gpu.get("name") == name and gpu.get("compute_capability") == f"{major}.{minor}" and near(gpu.get("memory_total_bytes"), memory, 0.03)
        proof.check(f"GPU {gpu['index']} as PyTorch has it", ok, f"{name}, {major}.{minor}, {memory >> 30} GiB, {processors} SMs")


class Probes:
    """Named after the findings; each answers (agrees, what was seen)."""

    def __init__(self, proof, smi):
        self.proof, self.smi = proof, smi

    def driver_module(self, finding):
        version, cards = module_version(), len(pci_gpus()) or len(self.smi)
        return bool(version) and version in finding["text"] and f"{cards} GPU" in finding["text"], f"{version} in /proc, {cards} on the bus"

    def driver_libraries(self, finding):
        loaded = self.proof.run(
            "python3", "-c", "import ctypes; ctypes.CDLL('libcuda.so.1'); print([l.split()[-1] for l in open('/proc/self/maps') if 'libcuda.so' in l][0])",
            name="loader").out.strip()
        return loaded != "" and os.path.basename(loaded) == f"libcuda.so.{module_version()}" and os.path.realpath(loaded) in finding["text"], f"the loader takes {loaded}"

    def driver_nvml(self, finding):
        head = self.proof.run("nvidia-smi", limit=20, name="head").out
        cuda = re.search(r"CUDA Version:\s*([\d.]+)", head)
        return bool(cuda) and f"CUDA up to {cuda.group(1)}" in finding["text"] and (module_version() or "-") in finding["text"], f"nvidia-smi: CUDA {cuda.group(1) if cuda else '-'}"

    def nodes_complete(self, finding):
        paths = nodes()
        good = [p for p in paths if os.path.exists(p) and stat.S_ISCHR(os.stat(p).st_mode)]
        for path in good:
            os.close(os.open(path, os.O_RDWR))
        return finding["state"].lower() == "ok" and len(good) == len(paths) and finding["text"].startswith(f"{len(good)} "), f"{len(good)} of {len(paths)} opened"

    def gpu_health(self, finding):
        asked = "ecc.errors.uncorrected.volatile.total,remapped_rows.pending,remapped_rows.failure,clocks_event_reasons.hw_slowdown,clocks_event_reasons.sw_thermal_slowdown,pcie.link.width.current,pcie.link.width.max"
        row = self.proof.run("nvidia-smi", f"--query-gpu={asked}", "--format=csv,noheader,nounits", name="health").out.splitlines()
        values = [v.strip() for v in row[0].split(",")] if row else []
        good = len(values) == 7 and values[0] in ("0", "[N/A]") and all(v in ("No", "0", "Not Active", "[N/A]") for v in values[1:5]) and values[5] == values[6]
        return good == (finding["state"].lower() == "ok"), ", ".join(values)

    def gpu_xid(self, finding):
        log = self.proof.run("dmesg", name="dmesg")
        count = log.out.count("NVRM: Xid")
        if not log.ok:
            return finding["state"].lower() == "unknown", "dmesg cannot be read"
        return (count == 0) == (finding["state"].lower() == "ok"), f"{count} Xid lines in dmesg"

    def gpu_busy(self, finding):
        apps = self.proof.run("nvidia-smi", "--query-compute-apps=pid,used_memory", "--format=csv,noheader", name="apps").out.strip()
        return bool(apps), apps or "no process"

    def gpu_persistence(self, finding):
        return any(row["persistence_mode"] == "Disabled" for row in self.smi), "nvidia-smi persistence_mode"

    def gpu_nvlink(self, finding):
        links = self.proof.run("nvidia-smi", "nvlink", "-s", name="nvlink").out
        return "inactive" in links.lower() or finding["state"].lower() == "warn", links.strip().splitlines()[-1] if links.strip() else "no links listed"

    def network_rdma(self, finding):
        cards = os.listdir("/sys/class/infiniband") if os.path.isdir("/sys/class/infiniband") else []
        return not cards, f"{len(cards)} cards in /sys/class/infiniband"

    def containers_cgroup(self, finding):
        unified = " - cgroup2 " in next((l for l in text("/proc/self/mountinfo").splitlines() if l.split()[4] == "/sys/fs/cgroup"), "")
        return unified == ("v2" in finding["text"]), "cgroup2 is mounted" if unified else "no cgroup2 at /sys/fs/cgroup"

    def containers_userns(self, finding):
        made = self.proof.run("unshare", "-Ur", "true", name="unshare")
        return made.ok == (finding["state"].lower() == "ok"), "unshare -Ur works" if made.ok else made.words

    def containers_overlay(self, finding):
        tried = self.proof.run("unshare", "-m", "sh", "-ec", "d=$(mktemp -d); mount -t tmpfs t $d; cd $d; mkdir l u w m; mount -t overlay -o lowerdir=l,upperdir=u,workdir=w o m", name="overlay")
        return tried.ok == (finding["state"].lower() == "ok"), "overlay mounted" if tried.ok else tried.words

    def containers_runtime(self, finding):
        found = shutil.which("crun", path=self.proof.environment["PATH"]) or shutil.which("runc", path=self.proof.environment["PATH"])
        return bool(found) and found in finding["text"], found

    def system_shm(self, finding):
        disk = os.statvfs("/dev/shm")
        real = disk.f_frsize * disk.f_blocks / 2**30
        said = float(re.search(r"([\d.]+) GiB", finding["text"]).group(1))
        return near(said, real, 0.01), f"statvfs: {real:.2f} GiB"

    def system_disk(self, finding):
        disk = os.statvfs(self.proof.work)
        real = disk.f_frsize * disk.f_bavail / 2**30
        said = float(re.search(r"([\d.]+) GiB", finding["text"]).group(1))
        return near(said, real, 0.05), f"statvfs: {real:.0f} GiB"

    def system_memory(self, finding):
        total = int(re.search(r"MemTotal:\s+(\d+)", text("/proc/meminfo")).group(1)) * 1024
        limit = text("/sys/fs/cgroup/memory.max")
        real = min(total, int(limit)) if limit.isdigit() else total
        said = float(re.search(r"([\d.]+) GiB", finding["text"]).group(1))
        return near(said, real / 2**30, 0.05), f"{real / 2**30:.0f} GiB"

    def system_files(self, finding):
        return str(resource.getrlimit(resource.RLIMIT_NOFILE)[0]) in finding["text"], resource.getrlimit(resource.RLIMIT_NOFILE)[0]

    def system_processes(self, finding):
        return str(resource.getrlimit(resource.RLIMIT_NPROC)[0]) in finding["text"], resource.getrlimit(resource.RLIMIT_NPROC)[0]


def doctor(proof):
    times(proof)
    lines(proof)
