"""The program with a store, a home directory and a project of its own; its processes, and how they are killed."""

import json
import os
import re
import signal
import subprocess
import time

PATIENCE = 600
MARK = "TORCHYARD_KILL_ROUNDS"
CONTAINER = re.compile(r"[0-9a-f]{64}")


class Result:
    """How a command ended."""

    def __init__(self, returncode, stdout, stderr, seconds):
        self.returncode, self.stdout, self.stderr, self.seconds = returncode, stdout, stderr, seconds

    @property
    def text(self):
        return (self.stdout + self.stderr)[-1500:]


class Yard:
    def __init__(self, program, work):
        self.program, self.work = program, work
        self.store = os.path.join(work, "store")
        self.home = os.path.join(work, "home")
        self.project = os.path.join(work, "project")
        self.image = "killed"
        self._lengths = {}
        self._environment = dict(os.environ, TORCHYARD_STORE=self.store, HOME=self.home, XDG_DATA_HOME=self.home + "/.local/share", NO_COLOR="1", **{MARK: work})

    def make(self, seed):
        """A project with a lock and a built image."""
        for directory in (self.store, self.home, self.project):
            os.makedirs(directory, exist_ok=True)
        for part in ("packages", "indexes"):
            source = seed and os.path.join(seed, part)
            if source and os.path.isdir(source) and not os.path.exists(os.path.join(self.store, part)):
                # Copies, not links: what a killed command spoils must not be another's.
                subprocess.run(["cp", "-a", source, self.store], check=True)
        if not os.path.exists(self.project + "/torchyard.toml"):
            self.must("init", "minimal")
            self.recipe(packages=[])
        self.must("build")

    def recipe(self, packages):
        """Writes the recipe with more packages than the preset has."""
        path = self.project + "/torchyard.toml"
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"\n# killed\n.*\Z", "\n", file.read(), flags=re.DOTALL)
        text = re.sub(r'(?m)^name = ".*"$', f'name = "{self.image}"', text, count=1)
        listed = re.search(r"(?ms)^packages = \[(.*?)\]", text)
        names = re.findall(r'"([^"]+)"', re.sub(r"#.*", "", listed.group(1))) if listed else []
        wanted = [name for name in names if name not in EXTRA] + list(packages)
        line = "packages = [" + ", ".join(f'"{name}"' for name in wanted) + "]"
        text = text[:listed.start()] + line + text[listed.end():] if listed else text.rstrip("\n") + f"\n\n[system]\n{line}\n"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def start(self, command):
        """Starts the program as the leader of a process group."""
        self._began = time.monotonic()
        self._said = open(os.path.join(self.work, "said"), "w+", encoding="utf-8", errors="replace")
        return subprocess.Popen(
            [self.program, *command], cwd=self.project, env=self._environment, stdin=subprocess.DEVNULL,
            stdout=self._said, stderr=self._said, start_new_session=True)

    def run(self, *command):
        """Runs the program to its end."""
        began = time.monotonic()
        with open(os.path.join(self.work, "out"), "w+", encoding="utf-8", errors="replace") as out, \
                open(os.path.join(self.work, "err"), "w+", encoding="utf-8", errors="replace") as err:
            # Files, not pipes: what it leaves running may keep them open.
            try:
                code = subprocess.run(
                    [self.program, *command], cwd=self.project, env=self._environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                    timeout=PATIENCE, start_new_session=True, check=False).returncode
            except subprocess.TimeoutExpired:
                code = -1
            out.seek(0)
            err.seek(0)
            return Result(code, out.read(), err.read(), time.monotonic() - began)

    def must(self, *command):
        result = self.run(*command)
        if result.returncode != 0:
            raise RuntimeError(f"torchyard {' '.join(command)} says {result.returncode}: {result.text}")
        return result

    def kill(self, process, after, victims, before, chance):
        """kill -9 of what is chosen, so many seconds after the start: whether the command was still under way, and the names of the killed."""
        try:
            process.wait(max(0, self._began + after - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
        hit = process.poll() is None
        ours = self.processes()
        # What an older process starts late, such as the main program of an environment that has only just begun, is not the command's.
        new = [pid for pid in ours if pid not in before and parent_of(pid) not in before]
        if victims == "program":
            chosen = [process.pid] if hit else []
        elif victims == "group":
            chosen = [pid for pid in ours if group_of(pid) == process.pid]
        elif victims == "all":
            chosen = new
        else:
            # A part, of older processes too: monitors, runtimes, relays, but the program only with others.
            chosen = chance.sample(ours, chance.randint(0, len(ours))) if ours else []
        # Names first: the dead have none.
        names = sorted({name for name in map(name_of, chosen) if name})
        for pid in chosen:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return hit and bool(chosen), ",".join(names) or "-"

    def processes(self):
        """Ids of the processes of the program and of its containers."""
        found = []
        ids = set(os.listdir(self.store + "/containers")) if os.path.isdir(self.store + "/containers") else set()
        for name in os.listdir("/proc"):
            if name.isdigit() and int(name) != os.getpid() and self.owns(name, ids):
                found.append(int(name))
        return sorted(found)

    def owns(self, pid, ids):
        """True for a process that was started by the program with this store, or that lives in a container of it."""
        if state_of(pid) in ("Z", "X", None):
            return False
        if f"{MARK}={self.work}".encode() in read(f"/proc/{pid}/environ").split(b"\0"):
            return True
        if self.store in read(f"/proc/{pid}/cmdline").decode(errors="replace").replace("\0", " "):
            return True
        cgroups = read(f"/proc/{pid}/cgroup").decode(errors="replace")
        return any(found in ids for found in CONTAINER.findall(cgroups))

    def containers(self):
        """What ps -a says."""
        return json.loads(self.must("ps", "--all", "--json").stdout or "[]")

    def usual(self, verb):
        return self._lengths.get(verb.name, verb.guess)

    def measured(self, verb, seconds):
        # The mean of what it was and what it is, so that a busy minute does not stay.
        self._lengths[verb.name] = (self.usual(verb) + seconds) / 2

    def settle(self):
        """Ends and removes everything that runs; what was in the way."""
        problems = []
        for command in (["down"], *(["rm", "--force", container["name"]] for container in self.containers()), ["prune", "--containers"]):
            result = self.run(*command)
            if result.returncode != 0 and "TY4040" not in result.stderr:
                problems.append(f"{' '.join(command)} says {result.returncode}: {result.text}")
        left = self.containers()
        if left:
            problems.append(f"containers stay: {', '.join(container['name'] for container in left)}")
        return problems

    def end(self):
        """Nothing of ours outlives the rounds, whatever went wrong in them."""
        self.run("down")
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


EXTRA = ("tree", "bsdextrautils")


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def state_of(pid):
    text = read(f"/proc/{pid}/stat").decode(errors="replace")
    return text[text.rfind(")") + 2:][:1] or None


def parent_of(pid):
    """The process that started one, or that it fell to."""
    found = re.search(r"(?m)^PPid:\s*(\d+)$", read(f"/proc/{pid}/status").decode(errors="replace"))
    return int(found.group(1)) if found else 0


def group_of(pid):
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def name_of(pid):
    words = [os.path.basename(word) for word in read(f"/proc/{pid}/cmdline").decode(errors="replace").split("\0")[:2] if word]
    return " ".join(word for word in words if word == words[0] or word.startswith("__"))
