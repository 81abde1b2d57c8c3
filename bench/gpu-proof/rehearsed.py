"""Judges a rehearsal: rehearsed.py REPORT.JSON. Fails when a check failed that the fakes can serve."""

import json
import re
import sys

# What a machine of fakes cannot give, and why.
EXPECTED = [
    (r"PyTorch|ranks: on GPUs|^inside: every collective|busy: a program holds", "there is no PyTorch for GPUs, and no NCCL in the image"),
    (r"no permission: doctor finds|doctor: nodes\.numbers|every line has a probe|nothing is broken here|the machine is whole again", "the nodes are the null device, so their numbers are wrong"),
    (r"the DataLoader's check fails", "needs PyTorch in the image"),
    (r"injection adds under|memory limit in force|CPU limit in force|process limit in force", "times and cgroup v2 are those of another machine"),
    (r"nvidia-smi inside", "the fake is a Python program that an image need not be able to run"),
]


def main(path):
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    wrong, checks = [], 0
    for step in report["steps"]:
        for check in step["checks"]:
            checks += 1
            excused = any(re.search(pattern, check["name"]) for pattern, _ in EXPECTED)
            if check["state"] == "FAIL" and not excused:
                wrong.append(f"{step['name']}: {check['name']}: {check['detail']}")
    for line in wrong:
        print(f"unexpected: {line}")
    print(f"rehearsed {len(report['steps'])} steps, {checks} checks, {len(wrong)} unexpected failures")
    return 1 if wrong or checks < 20 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
