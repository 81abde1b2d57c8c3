"""The commands that are killed: what must be there first, how long they usually take, and what the same command may say when it comes again."""

import glob
import json
import os
import shutil
import subprocess

from canaries import VOLUME
from yard import EXTRA

NOT_RUNNING = ("TY4046",)


class Context:
    """One command of one round."""

    def __init__(self, command, codes=(0,), names=(), damaged=None):
        self.command, self._codes, self._names = command, codes, names
        # What of the store was spoiled on purpose, so that check has to say so until it is repaired.
        self.damaged = damaged

    def accepts(self, result, victims):
        """A retry succeeds, or says that there is nothing more to do, or that the container was among the victims."""
        names = (*self._names, *(NOT_RUNNING if victims == "some" else ()))
        return result.returncode in self._codes or any(f"error {code}:" in result.stderr for code in names)


class Verb:
    """A command."""

    def __init__(self, name, weight, guess, prepare, lost=None, after=None, measure=True):
        self.name, self.weight, self.guess, self.prepare = name, weight, guess, prepare
        self._lost, self._after, self._measure = lost, after, measure

    def lost(self, yard, context):
        return self._lost(yard, context) if self._lost else []

    def after(self, yard, context):
        return self._after(yard, context) if self._after else []

    def length_known(self, retry):
        return self._measure and retry.returncode == 0


NO_CONTAINER = ("TY4040",)
NAME = "victim"


def up(yard):
    yard.must("up", "--json")


def down(yard):
    yard.must("down")


def gone(yard, name=NAME):
    if any(container["name"] == name for container in yard.containers()):
        yard.must("rm", "--force", name)


def started(yard, *options):
    gone(yard)
    yard.must("run", "-d", "--name", NAME, *options, yard.image, "sleep", "1000")


def inside(yard, context):
    """The environment that a retry has brought up sees the canaries."""
    if not glob.glob(yard.project + "/canaries/*"):
        return []
    result = yard.run("exec", yard.image, "sh", "-c", "ls /workspace/canaries && echo here")
    return [] if result.stdout.endswith("here\n") else [f"the environment does not show the project: {result.text}"]


def removed(yard, context):
    return [f"{NAME} is still there"] if any(container["name"] == NAME for container in yard.containers()) else []


def image(yard, context):
    result = yard.run("run", "--rm", yard.image, "echo", "fine")
    return [] if result.stdout == "fine\n" else [f"the image does not run: {result.text}"]


def prepared(before, command, **how):
    def prepare(yard, chance):
        before(yard)
        return Context(command(yard) if callable(command) else command, **how)
    return prepare


def lock(yard, chance):
    path = yard.project + "/torchyard.lock"
    if os.path.exists(path) and chance.random() < 0.5:
        os.remove(path)
    return Context(["lock"])


def changed(yard, chance):
    """A package more or less: layers are made, the image is another."""
    packages = chance.choice([[], [EXTRA[0]], [EXTRA[1]], list(EXTRA)])
    yard.recipe(packages)
    return Context(["build"])


def cold(yard, chance):
    """Everything is made again from fetched packages."""
    yard.settle()
    for part in ("oci", "layers", "build"):
        shutil.rmtree(os.path.join(yard.store, part), ignore_errors=True)
    for index in glob.glob(yard.store + "/index.*"):
        os.remove(index)
    return Context(["build"])


def fetch(yard, chance):
    """Some packages have to be fetched again, and are in no layer yet."""
    files = sorted(glob.glob(yard.store + "/packages/sha256/*/*"))
    for path in chance.sample(files, min(3, len(files))):
        os.remove(path)
    return cold(yard, chance)


def detached(yard, chance):
    gone(yard)
    options = [[], ["-v", f"{VOLUME}:/data"], ["--network", "private"], ["-p", "8080"], ["--rm"], ["-v", ".:/here", "--tmpfs", "/scratch"]]
    command = ["run", "-d", "--name", NAME, *chance.choice(options), yard.image, "sleep", "1000"]
    # Killed after the start, the container runs: its name is taken.
    return Context(command, names=("TY4038",))


def volume(yard, chance):
    gone(yard)
    return Context(["run", "--rm", "--name", NAME, "-v", f"{VOLUME}:/data", yard.image, "sh", "-c", "ls -R /data | wc -l; sleep 0.3"], names=("TY4038",))


def volume_there(yard, context):
    gone(yard)
    return []


def capture(yard, chance):
    directory = os.path.join(yard.work, "captured")
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "file"), "w", encoding="utf-8") as file:
        file.write(str(chance.random()) * 10000)
    yard.must("build")
    return Context(["capture", directory, "--base", yard.image, "--name", "captured"])


def rmi(yard, chance):
    yard.must("build")
    yard.settle()
    return Context(["rmi", yard.image], names=("TY3010",))


def prune(yard, chance):
    if chance.random() < 0.5:
        yard.recipe(chance.choice([[], [EXTRA[0]]]))
        yard.must("build")
    return Context(["prune", *chance.choice([[], ["--containers"]])])


def repair(yard, chance):
    """A package file is damaged: what a killed repair leaves is repaired by the next."""
    yard.must("build")
    yard.settle()
    files = [path for path in glob.glob(yard.store + "/packages/sha256/*/*")]
    path = chance.choice(sorted(files))
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        file.write(b"damage")
    return Context(["check", "--repair"], damaged=os.path.basename(path))


def stopped(yard):
    started(yard)
    yard.must("stop", "--time", "1", NAME)


def running(yard, context):
    states = [container["status"] for container in yard.containers() if container["name"] == NAME]
    return [] if states == ["Running"] else [f"{NAME} is {states}"]


def copied_in(yard, chance):
    """A directory with large and small files; the whole of it or nothing has its name inside."""
    started(yard)
    directory = os.path.join(yard.work, "copied")
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory + "/many")
    for number in range(chance.choice([1, 300])):
        with open(f"{directory}/many/{number}", "w", encoding="utf-8") as file:
            file.write(str(number) * 100)
    with open(directory + "/large", "wb") as file:
        file.write(chance.randbytes(chance.choice([1 << 10, 8 << 20])))
    yard.run("exec", NAME, "mkdir", "-p", "/opt/copied")
    return Context(["cp", directory + "/.", f"{NAME}:/opt/copied"])


def copy_whole(yard, context):
    """What a retry put there is whole, and no other part of a copy is left."""
    there = yard.run("exec", NAME, "sh", "-c", "cd /opt/copied && find . -type f ! -path '*/.torchyard-cp.*' | LC_ALL=C sort | xargs cat | cksum; ls -A /opt/copied")
    files = sorted(os.path.relpath(path, yard.work + "/copied") for path in glob.glob(yard.work + "/copied/**", recursive=True) if os.path.isfile(path))
    content = b"".join(open(os.path.join(yard.work, "copied", name), "rb").read() for name in sorted("./" + name for name in files))
    sum_here = subprocess.run(["cksum"], input=content, stdout=subprocess.PIPE, check=True).stdout.decode()
    lines = there.stdout.splitlines(keepends=True)
    if not lines or lines[0] != sum_here:
        return [f"the copy is another: {there.text}, not {sum_here}"]
    left = [line.strip() for line in lines[1:] if "torchyard-cp" in line]
    return [f"left inside: {left}"] if left else []


def added(yard, chance):
    yard.recipe([])
    yard.must("lock")
    return Context(["add", "--system", EXTRA[0]])


def recipe_fits(yard, context):
    """The package is in the recipe once, and the lock is its lock."""
    with open(yard.project + "/torchyard.toml", encoding="utf-8") as file:
        count = file.read().count(f'"{EXTRA[0]}"')
    result = yard.run("build", "--locked")
    problems = [] if count == 1 else [f"{EXTRA[0]} is {count} times in the recipe"]
    return problems if result.returncode == 0 else [*problems, f"the lock does not fit: {result.text}"]


def named(yard, context):
    names = [name for image in json.loads(yard.must("images", "--json").stdout) for name in image["names"]]
    yard.run("rmi", "other:tag")
    return [] if "other:tag" in names and any(name.startswith(yard.image + ":") for name in names) else [f"names are {names}"]


def built(yard):
    yard.must("build")


def nothing(yard):
    pass


ALL = [
    Verb("up", 5, 3, prepared(down, ["up", "--json"]), after=inside),
    Verb("up again", 1, 1, prepared(up, ["up", "--json"]), after=inside),
    Verb("up --recreate", 4, 4, prepared(up, ["up", "--recreate", "--json"]), after=inside),
    Verb("down", 3, 1.5, prepared(up, ["down"])),
    Verb("lock", 2, 4, lock),
    Verb("build", 1, 1, prepared(built, ["build"]), after=image),
    Verb("build changed", 3, 6, changed, after=image),
    Verb("build cold", 1, 20, cold, after=image),
    Verb("build fetching", 1, 20, fetch, after=image),
    Verb("run", 4, 1.5, prepared(built, lambda yard: ["run", "--rm", yard.image, "echo", "hello"])),
    Verb("run -v", 3, 2, volume, after=volume_there),
    Verb("run -p", 2, 2, prepared(built, lambda yard: ["run", "--rm", "-p", "8080", yard.image, "sh", "-c", "sleep 0.3"])),
    Verb("run -d", 4, 1.5, lambda yard, chance: (yard.must("build"), detached(yard, chance))[1]),
    Verb("exec", 3, 1, prepared(up, lambda yard: ["exec", yard.image, "sh", "-c", "sleep 0.2; find /workspace/canaries -type f -exec cat {} + >/dev/null"])),
    Verb("stop", 3, 1, prepared(started, ["stop", "--time", "1", NAME], names=NO_CONTAINER)),
    Verb("kill", 1, 1, prepared(started, ["kill", NAME], codes=(0, 1))),
    Verb("wait", 1, 1, prepared(lambda yard: (gone(yard), yard.must("run", "-d", "--name", NAME, yard.image, "sleep", "0.5")), ["wait", NAME], codes=(0, 137), names=NO_CONTAINER)),
    Verb("rm --force", 3, 1, prepared(started, ["rm", "--force", NAME], names=NO_CONTAINER), after=removed),
    Verb("rmi", 2, 1, rmi, after=lambda yard, context: (yard.must("build"), [])[1]),
    Verb("prune", 3, 1, prune, after=lambda yard, context: (yard.must("build"), image(yard, context))[1]),
    Verb("check", 1, 3, prepared(built, ["check"])),
    Verb("check --repair", 2, 4, repair, after=lambda yard, context: (yard.must("build"), image(yard, context))[1]),
    Verb("capture", 2, 4, capture),
    Verb("start", 3, 1, prepared(stopped, ["start", NAME]), after=running),
    Verb("restart", 3, 2, prepared(started, ["restart", "--time", "1", NAME]), after=running),
    Verb("exec -d", 2, 1, prepared(up, lambda yard: ["exec", "-d", yard.image, "sh", "-c", "sleep 0.2"])),
    Verb("cp", 3, 1, copied_in, after=copy_whole),
    Verb("add", 2, 5, added, after=recipe_fits),
    Verb("tag", 1, 0.5, prepared(built, lambda yard: ["tag", yard.image, "other:tag"]), after=named),
    Verb("inspect", 1, 0.5, prepared(up, lambda yard: ["inspect", yard.image])),
    Verb("logs", 1, 1, prepared(started, ["logs", NAME], names=NO_CONTAINER)),
    Verb("ps", 1, 0.5, prepared(up, ["ps", "--all"])),
    Verb("images", 1, 0.5, prepared(built, ["images"])),
    Verb("top", 1, 1, prepared(up, ["top", "--no-stream"])),
]
