"""Copies a recorded machine with one GPU and gives the copy more of the same: multiply.py MACHINE COPY COUNT"""

import json
import os
import shutil
import sys


def main(machine, copy, count):
    shutil.copytree(machine, copy, symlinks=True)
    with open(os.path.join(copy, "nvml.json"), encoding="utf-8") as file:
        said = json.load(file)
    (first,) = said["gpus"]
    domain, bus, slot = first["pci_address"].removesuffix(".0").split(":")
    root = os.path.join(copy, "root")
    for index in range(1, count):
        gpu = dict(first, index=index, minor=first["minor"] + index, uuid=first["uuid"][:-12] + f"{index + 1:012}", pci_address=f"{domain}:{bus}:{int(slot, 16) + index:02x}.0")
        said["gpus"].append(gpu)
        # The kernel's own page about it, its node, and its place on the bus.
        for folder, rename in (("proc/driver/nvidia/gpus", True), ("sys/bus/pci/devices", False)):
            shutil.copytree(os.path.join(root, folder, first["pci_address"]), os.path.join(root, folder, gpu["pci_address"]))
            if rename:
                page = os.path.join(root, folder, gpu["pci_address"], "information")
                with open(page, encoding="utf-8") as file:
                    text = file.read()
                for key in ("uuid", "pci_address"):
                    text = text.replace(first[key], gpu[key])
                with open(page, "w", encoding="utf-8") as file:
                    file.write("".join(f"Device Minor: \t {gpu['minor']}\n" if line.startswith("Device Minor:") else line for line in text.splitlines(keepends=True)))
        shutil.copy(os.path.join(root, f"dev/nvidia{first['minor']}"), os.path.join(root, f"dev/nvidia{gpu['minor']}"))
    with open(os.path.join(copy, "nvml.json"), "w", encoding="utf-8") as file:
        json.dump(said, file)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
