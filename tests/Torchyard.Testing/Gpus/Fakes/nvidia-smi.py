#!/usr/bin/env python3
"""A fake nvidia-smi that answers the questions of bench/gpu-proof from nvml.json, whose text enter.sh puts in here."""

import json
import os
import sys

MACHINE = r"""@MACHINE@"""


def main(arguments):
    machine = json.loads(MACHINE)
    # In a container only the GPUs whose nodes are there.
    gpus = [g for g in machine["gpus"] if os.path.exists(f"/dev/nvidia{g['minor']}")]
    if not gpus:
        print("No devices found.")
        return 6
    on = lambda value: "Enabled" if value else "Disabled"
    query = next((a.partition("=")[2] for a in arguments if a.startswith("--query-gpu=")), None)
    if "-L" in arguments:
        for gpu in gpus:
            print(f"GPU {gpu['index']}: {gpu['name']} (UUID: {gpu['uuid']})")
    elif arguments == ["topo", "-m"]:
        columns = "".join(f"\t\033[4mGPU{g['index']}" for g in gpus)
        print(f"{columns}\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID\033[0m")
        for gpu in gpus:
            links = gpu.get("nv_links_active") or 0
            cells = [" X " if other is gpu else f"NV{links}" if links else "PHB" for other in gpus]
            print("\t".join([f"GPU{gpu['index']}", *cells, "0-15", str(gpu.get("numa_node", "N/A")), "N/A"]))
    elif query:
        for gpu in gpus:
            rows = gpu.get("remapped_rows") or {}
            values = {
                "index": gpu["index"], "name": gpu["name"], "uuid": gpu["uuid"], "pci.bus_id": "0000" + gpu["pci_address"].upper(),
                "memory.total": gpu["memory_total_bytes"] >> 20, "driver_version": machine["driver_version"], "power.limit": gpu["power_limit_watts"],
                "clocks.max.sm": gpu["sm_clock_max_megahertz"], "clocks.max.memory": gpu["memory_clock_max_megahertz"], "ecc.mode.current": on(gpu["ecc_enabled"]),
                "mig.mode.current": on(gpu["mig_enabled"]), "pcie.link.gen.max": gpu["pcie_generation_max"], "pcie.link.width.max": gpu["pcie_width_max"],
                "persistence_mode": on(gpu["persistence_mode"]), "compute_mode": {0: "Default", 2: "Prohibited", 3: "Exclusive_Process"}[gpu["compute_mode"]],
                "temperature.gpu": gpu["temperature_celsius"], "ecc.errors.uncorrected.volatile.total": gpu["ecc_uncorrected"],
                "remapped_rows.pending": "Yes" if rows.get("pending") else "No", "remapped_rows.failure": "Yes" if rows.get("failed") else "No",
                "pcie.link.width.current": gpu["pcie_width"],
            }
            print(", ".join(str(values.get(key, "Not Active")) for key in query.split(",")))
    elif not arguments:
        print(f"NVIDIA-SMI {machine['driver_version']}   Driver Version: {machine['driver_version']}   CUDA Version: {machine['cuda_version'] // 1000}.{machine['cuda_version'] % 1000 // 10}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
