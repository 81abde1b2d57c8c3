"""Steps, checks, commands with time limits, and the report of gpu-proof."""

import json
import os
import shlex
import shutil
import signal
import statistics
import subprocess
import tarfile
import time
from dataclasses import dataclass, field

PASS, FAIL, SKIP = "PASS", "FAIL", "SKIP"


class OutOfTime(Exception):
    pass


@dataclass
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def ok(self):
        return self.code == 0

    def json(self):
        """Its output as JSON; an empty object when it is none."""
        try:
            return json.loads(self.out)
        except ValueError:
            return {}

    @property
    def words(self):
        """The last line that it said, for a table."""
        lines = [line.strip() for line in (self.err + "\n" + self.out).splitlines() if line.strip()]
        return (f"exit status {self.code}: " if self.code else "") + (lines[-1][:300] if lines else "no output")


@dataclass
class Check:
    name: str
    state: str
    detail: str = ""


@dataclass
class Step:
    name: str
    limit: float
    action: object
    checks: list = field(default_factory=list)
    numbers: dict = field(default_factory=dict)
    seconds: float = 0
    state: str = SKIP
    note: str = ""


class Proof:
    """One run: where things are, what was found so far."""

    def __init__(self, options):
        self.options = options
        self.out = options.out
        self.work = options.work
        self.raw = os.path.join(self.work, "raw")
        self.environment = dict(os.environ, TORCHYARD_STORE=options.store or os.path.join(self.work, "store"))
        self.torchyard = options.torchyard
        self.python = options.python
        self.step = None
        self.deadline = 0.0
        self.commands = 0
        self.steps = []
        self.began = time.monotonic()
        os.makedirs(self.raw, exist_ok=True)
        os.makedirs(self.out, exist_ok=True)
        self.others = self.containers()

    # Commands

    def remaining(self):
        return self.deadline - time.monotonic()

    def run(self, *command, limit=60, env=None, cwd=None, user=None, input=None, name=None):
        """Runs a command within the step's time; its words go to a file of their own. Never raises for what the command does."""
        limit = min(limit * self.options.patience, self.remaining())
        if limit < 0.5:
            raise OutOfTime()
        command = [str(word) for word in command]
        environment = dict(self.environment if env is None else env)
        shown = shlex.join(command)
        if user is not None:
            command = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups", *command]
            environment |= {"HOME": user.pw_dir, "USER": user.pw_name, "LOGNAME": user.pw_name, "TORCHYARD_STORE": os.path.join(user.pw_dir, "store")}
        began = time.monotonic()
        if not shutil.which(command[0], path=environment["PATH"]):
            return Result(127, "", f"{command[0]}: not found", 0.0)
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE if input else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment, cwd=cwd or (user.pw_dir if user else None), text=True, errors="replace", start_new_session=True)
        try:
            out, err = process.communicate(input, timeout=limit)
            code = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            try:
                out, err = process.communicate(timeout=3)
            except subprocess.TimeoutExpired as late:
                # Something that it started, such as a container, still holds its streams.
                out, err = (text.decode(errors="replace") if isinstance(text, bytes) else text for text in (late.stdout, late.stderr))
            code, err = 124, (err or "") + f"\ngpu-proof: killed after {limit:.0f} s"
        result = Result(code, out or "", err or "", time.monotonic() - began)
        self.commands += 1
        file = os.path.join(self.raw, f"{self.commands:03}-{self.step.name}-{name or os.path.basename(command[0])}.txt")
        with open(file, "w", encoding="utf-8") as text:
            text.write(f"$ {shown}{' (as ' + user.pw_name + ')' if user else ''}\n[exit {code}, {result.seconds * 1000:.0f} ms]\n{result.out}")
            if result.err:
                text.write(f"\n--- standard error\n{result.err}")
        return result

    def yard(self, *arguments, **options):
        """Runs torchyard."""
        options.setdefault("name", "torchyard-" + str(arguments[0]))
        return self.run(self.torchyard, *arguments, **options)

    def median_ms(self, times, *command, **options):
        """Median wall milliseconds of a command that must succeed; None when it did not."""
        results = [self.run(*command, **options) for _ in range(times)]
        return statistics.median(r.seconds for r in results) * 1000 if all(r.ok for r in results) else None

    # Findings

    def check(self, name, ok, detail=""):
        """One finding; ok None says that it could not be tried."""
        self.step.checks.append(Check(name, SKIP if ok is None else PASS if ok else FAIL, str(detail).replace("\n", " ")[:400]))
        return bool(ok)

    def number(self, name, value, unit=""):
        self.step.numbers[name] = [round(value, 4) if isinstance(value, float) else value, unit]

    # Steps

    def execute(self, step):
        self.step = step
        self.steps.append(step)
        left = self.options.budget - (time.monotonic() - self.began)
        self.deadline = time.monotonic() + min(step.limit * self.options.patience, left)
        began = time.monotonic()
        if left < 5:
            step.note = "no time was left"
        else:
            try:
                step.action(self)
            except OutOfTime:
                self.check("within its time", False, f"more than {min(step.limit, left):.0f} s")
            except Exception as error:  # the other steps must not suffer
                self.check("the step itself", False, f"{type(error).__name__}: {error}")
        step.seconds = time.monotonic() - began
        self.sweep()
        states = [check.state for check in step.checks]
        step.state = FAIL if FAIL in states else PASS if PASS in states else SKIP
        print(f"{step.state:4}  {step.name:12} {step.seconds:6.1f} s", flush=True)
        for check in step.checks:
            if check.state != PASS:
                print(f"      {check.state} {check.name}: {check.detail}", flush=True)
        self.write()

    def containers(self):
        try:
            listed = subprocess.run([self.torchyard, "ps", "-q"], env=self.environment, capture_output=True, text=True, timeout=20)
            return set(listed.stdout.split())
        except (OSError, subprocess.TimeoutExpired):
            return set()

    def sweep(self):
        """Ends containers that a command left which ran out of time: they would keep the GPUs from the next step."""
        for container in self.containers() - self.others:
            try:
                subprocess.run([self.torchyard, "rm", "--force", container], env=self.environment, capture_output=True, timeout=20)
            except subprocess.TimeoutExpired:
                pass

    def write(self):
        """The report as it is now, so that a run that is cut off leaves what it had."""
        report = {
            "date": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()),
            "seconds": round(time.monotonic() - self.began, 1),
            "steps": [
                {"name": s.name, "state": s.state, "seconds": round(s.seconds, 1), "note": s.note, "numbers": s.numbers,
                 "checks": [vars(c) for c in s.checks]}
                for s in self.steps
            ],
        }
        with open(os.path.join(self.out, "report.json"), "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1, ensure_ascii=False)
        with open(os.path.join(self.out, "report.md"), "w", encoding="utf-8") as file:
            file.write(self.markdown(report))

    def markdown(self, report):
        lines = [f"# GPU proof, {report['date']}", "", f"{report['seconds']:.0f} s in all.", "", "| step | result | s | numbers |", "|---|---|---|---|"]
        for step in report["steps"]:
            numbers = "; ".join(f"{name} {value[0]} {value[1]}".strip() for name, value in step["numbers"].items())
            lines.append(f"| {step['name']} | {step['state']} | {step['seconds']} | {numbers or step['note']} |")
        for step in report["steps"]:
            lines += ["", f"## {step['name']}: {step['state']}", ""]
            lines += [f"- {c['state']} {c['name']}{': ' + c['detail'] if c['detail'] else ''}" for c in step["checks"]]
        return "\n".join(lines) + "\n"

    def pack(self):
        """Raw outputs and the recorded tree in one archive."""
        with tarfile.open(os.path.join(self.out, "raw.tar.gz"), "w:gz") as archive:
            for name in ("raw", "machine", "bench"):
                if os.path.isdir(os.path.join(self.work, name)):
                    archive.add(os.path.join(self.work, name), name)
