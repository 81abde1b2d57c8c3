"""Turns nvml.json of a recorded machine (form of `torchyard gpus --json`) into the answers of the fake NVML: answers.py NVML.JSON > FILE"""

import json
import sys

STATUS = {
    "Success": 0, "Uninitialized": 1, "InvalidArgument": 2, "NotSupported": 3, "NoPermission": 4, "NotFound": 6, "InsufficientPower": 8, "DriverNotLoaded": 9,
    "CorruptedInforom": 14, "GpuIsLost": 15, "ResetRequired": 16, "OperatingSystem": 17, "LibraryModuleMismatch": 18, "NotReady": 27, "Unknown": 999,
}


def of_device(number, gpu):
    def line(function, *values, argument=None):
        if all(v is not None for v in values):
            yield " ".join([f"{number}/{function}{'' if argument is None else f'/{argument}'}", "0", *(str(int(v) if isinstance(v, bool) else v) for v in values)])

    yield from line("nvmlDeviceGetName", gpu.get("name"))
    yield from line("nvmlDeviceGetUUID", gpu.get("uuid"))
    yield from line("nvmlDeviceGetMinorNumber", gpu.get("minor"))
    if address := gpu.get("pci_address"):
        domain, bus, device = address.removesuffix(".0").split(":")
        yield from line("nvmlDeviceGetPciInfo_v3", *(int(part, 16) for part in (domain, bus, device)))
    if capability := gpu.get("compute_capability"):
        yield from line("nvmlDeviceGetCudaComputeCapability", *capability.split("."))
    if (total := gpu.get("memory_total_bytes")) is not None:
        used = gpu.get("memory_used_bytes") or 0
        yield from line("nvmlDeviceGetMemoryInfo_v2", total, 0, total - used, used)
    yield from line("nvmlDeviceGetEccMode", gpu.get("ecc_enabled"), gpu.get("ecc_pending"))
    yield from line("nvmlDeviceGetTotalEccErrors/1", gpu.get("ecc_uncorrected"), argument=0)
    yield from line("nvmlDeviceGetTotalEccErrors/0", gpu.get("ecc_corrected"), argument=0)
    yield from line("nvmlDeviceGetTotalEccErrors/1", gpu.get("ecc_uncorrected_lifetime"), argument=1)
    if rows := gpu.get("remapped_rows"):
        yield from line("nvmlDeviceGetRemappedRows", rows["correctable"], rows["uncorrectable"], rows["pending"], rows["failed"])
    yield from line("nvmlDeviceGetClockInfo", gpu.get("sm_clock_megahertz"), argument=1)
    yield from line("nvmlDeviceGetClockInfo", gpu.get("memory_clock_megahertz"), argument=2)
    yield from line("nvmlDeviceGetMaxClockInfo", gpu.get("sm_clock_max_megahertz"), argument=1)
    yield from line("nvmlDeviceGetMaxClockInfo", gpu.get("memory_clock_max_megahertz"), argument=2)
    yield from line("nvmlDeviceGetCurrentClocksEventReasons", gpu.get("clock_reasons"))
    for key, function in {
        "power_watts": "nvmlDeviceGetPowerUsage", "power_limit_watts": "nvmlDeviceGetEnforcedPowerLimit", "power_default_limit_watts": "nvmlDeviceGetPowerManagementDefaultLimit",
    }.items():
        yield from line(function, round(gpu[key] * 1000) if gpu.get(key) is not None else None)
    yield from line("nvmlDeviceGetTemperature", gpu.get("temperature_celsius"), argument=0)
    yield from line("nvmlDeviceGetUtilizationRates", gpu.get("utilisation_percent"), 0)
    yield from line("nvmlDeviceGetPersistenceMode", gpu.get("persistence_mode"))
    yield from line("nvmlDeviceGetComputeMode", gpu.get("compute_mode"))
    yield from line("nvmlDeviceGetMigMode", gpu.get("mig_enabled"), gpu.get("mig_pending"))
    yield from line("nvmlDeviceGetCurrPcieLinkGeneration", gpu.get("pcie_generation"))
    yield from line("nvmlDeviceGetMaxPcieLinkGeneration", gpu.get("pcie_generation_max"))
    yield from line("nvmlDeviceGetCurrPcieLinkWidth", gpu.get("pcie_width"))
    yield from line("nvmlDeviceGetMaxPcieLinkWidth", gpu.get("pcie_width_max"))
    yield from line("nvmlDeviceGetPcieReplayCounter", gpu.get("pcie_replays"))
    for link in range(gpu.get("nv_links") or 0):
        yield from line("nvmlDeviceGetNvLinkState", int(link < (gpu.get("nv_links_active") or 0)), argument=link)
    yield from line("nvmlDeviceGetGpuFabricInfoV", gpu.get("fabric_state"), gpu.get("fabric_status"))
    if (processes := gpu.get("processes")) is not None:
        used = [f"{p['pid']} {p.get('memory_bytes', 0xFFFFFFFFFFFFFFFF)}" for p in processes]
        yield " ".join([f"{number}/nvmlDeviceGetComputeRunningProcesses_v3", "0", str(len(used)), *used])


def main(path):
    with open(path, encoding="utf-8") as file:
        machine = json.load(file)
    print(f"nvmlInit_v2 {STATUS[machine['status']]}")
    for function, key in (("nvmlSystemGetDriverVersion", "driver_version"), ("nvmlSystemGetCudaDriverVersion_v2", "cuda_version")):
        if key in machine:
            print(f"{function} 0 {machine[key]}")
    print(f"nvmlDeviceGetCount_v2 0 {len(machine['gpus'])}")
    for gpu in machine["gpus"]:
        index = gpu["index"]
        if gpu.get("status", "Success") != "Success":
            print(f"{index}/handle {STATUS[gpu['status']]}")
            continue
        print("\n".join(of_device(index, gpu)))
        # A broken GPU answers some questions with its fault; this one is always asked.
        for fault in gpu.get("faults", []):
            print(f"{index}/nvmlDeviceGetPowerUsage {STATUS[fault]}")
        if gpu.get("mig_devices"):
            print(f"{index}/nvmlDeviceGetMaxMigDeviceCount 0 7")
        for mig in gpu.get("mig_devices", []):
            device = 1000 * (1 + index) + mig["index"]
            print(f"{device}/nvmlDeviceGetUUID 0 {mig['uuid']}")
            print(f"{device}/nvmlDeviceGetGpuInstanceId 0 {mig['gpu_instance']}")
            print(f"{device}/nvmlDeviceGetComputeInstanceId 0 {mig['compute_instance']}")
            if mig.get("multiprocessors") is not None:
                print(f"{device}/nvmlDeviceGetAttributes_v2 0 {mig['multiprocessors']} {(mig.get('memory_bytes') or 0) >> 20}")


if __name__ == "__main__":
    main(sys.argv[1])
