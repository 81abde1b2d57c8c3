"""everyday: a container with GPUs that ends and is started again, programs left to themselves, and who holds what meanwhile."""

import subprocess

from container import INSIDE, minors
from environment import arrange


def everyday(proof):
    project, count = arrange(proof), len(minors())
    if project is None:
        return
    yard = lambda *arguments, **options: proof.yard(*arguments, cwd=project, **options)
    built = yard("build", "--json", limit=90, name="build").json()
    if not proof.check("everyday: the image of 'up' is there", built):
        return
    image = built["names"][0]
    try:
        again(proof, yard, image, count)
    finally:
        yard("rm", "--force", "first", "second", name="rm")


def again(proof, yard, image, count):
    sleep = ("sh", "-c", "echo life >> /tmp/lives; exec sleep 600")
    first = yard("run", "-d", "--gpus", "all", "--name", "first", image, *sleep, name="first")
    if not proof.check(f"everyday: a container with all {count} GPU(s) runs", first.ok, first.words):
        return
    left = yard("exec", "-d", "first", "nvidia-smi", "-L", name="exec-d")
    number = left.out.strip()
    said = yard("logs", "--follow", "--exec", number, "first", name="logs-exec")
    proof.check("everyday: 'exec -d nvidia-smi' lists them in its log", left.ok and said.out.count("GPU-") == count, said.words)
    held = yard("top", "--no-stream", "--json", name="top")
    proof.check("everyday: top names who holds them", held.ok and "first" in held.out, held.words)

    proof.check("everyday: stop", yard("stop", "--time", "0", "first", name="stop").ok)
    started = yard("start", "first", name="start")
    proof.check("everyday: start brings it back", started.ok, started.words)
    proof.number("start again", started.seconds * 1000, "ms")
    lives = yard("exec", "first", "wc", "-l", "/tmp/lives", name="lives")
    proof.check("everyday: with the files that it wrote", lives.out.split()[:1] == ["2"], lives.words)
    cuda = yard("exec", "first", "python3", "-c", INSIDE, "[]", name="cuda-again")
    found = (cuda.json() or {}).get("cuda", {})
    proof.check("everyday: CUDA starts in it again", found.get("cuInit") == 0 and found.get("devices") == count, found or cuda.words)

    # Somebody takes them while it is stopped.
    yard("stop", "--time", "0", "first", name="stop-again")
    second = yard("run", "-d", "--gpus", "all", "--name", "second", image, "sleep", "600", name="second")
    proof.check("everyday: another one gets them meanwhile", second.ok, second.words)
    for way in ((), ("--attach",)):
        refused = yard("start", *way, "first", name="start-refused")
        proof.check(
            f"everyday: 'start {' '.join(way)}' is refused then, and names it", refused.code == 1 and "TY4099" in refused.err and "second" in refused.err, refused.words
        )
    yard("stop", "--time", "0", "second", name="stop-second")

    # Both at one moment: one gets them.
    programs = [
        subprocess.Popen([proof.torchyard, "start", name], env=proof.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for name in ("first", "second")
    ]
    errors = [program.communicate(timeout=60)[1] for program in programs]
    codes = sorted(program.returncode for program in programs)
    proof.check("everyday: of two starts at one moment one gets them", codes == [0, 1] and any("TY4099" in error for error in errors), codes)
