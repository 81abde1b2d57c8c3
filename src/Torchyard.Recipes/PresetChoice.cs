namespace Torchyard.Recipes;

/// <summary>What a machine shows of itself before anything is installed; enough to choose a preset.</summary>
/// <param name="NvidiaGpus">NVIDIA GPUs that the machine has, with or without a driver.</param>
public sealed record MachineSketch(int NvidiaGpus)
{
    /// <summary>
    /// Looks at the PCI devices in sysfs: vendor 0x10de (NVIDIA), class 0x03xxxx (display controller; data-centre GPUs are 0x0302, 3D controller).
    /// </summary>
    /// <param name="pciDevices">The kernel's directory of PCI devices.</param>
    public static MachineSketch Look(string pciDevices = "/sys/bus/pci/devices")
    {
        if (!Directory.Exists(pciDevices))
        {
            return new MachineSketch(0);
        }

        return new MachineSketch(Directory.EnumerateDirectories(pciDevices).Count(device =>
            Read(device, "vendor") == "0x10de" && Read(device, "class").StartsWith("0x03", StringComparison.Ordinal)));
    }

    private static string Read(string device, string name)
    {
        try
        {
            return File.ReadAllText(Path.Combine(device, name)).Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A device that went away, or a sandbox that hides it: then it cannot be used either.
            return "";
        }
    }
}

/// <summary>The preset for a machine, and what the user should know about the choice.</summary>
/// <param name="Preset">Name of the preset.</param>
/// <param name="Reason">Why this one, as a sentence part: <c>no NVIDIA GPU was found</c>.</param>
/// <param name="Warning">What the choice leaves unused, or null.</param>
public sealed record PresetChoice(string Preset, string Reason, string? Warning)
{
    /// <summary>Chooses for a machine.</summary>
    public static PresetChoice For(MachineSketch machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        return machine.NvidiaGpus == 0
            ? new PresetChoice("cpu", "no NVIDIA GPU was found", null)
            : new PresetChoice("cpu", "it is the preset that runs everywhere",
                $"this machine has {machine.NvidiaGpus} NVIDIA GPU{(machine.NvidiaGpus == 1 ? "" : "s")}, which the preset 'cpu' does not use: its PyTorch is built for CPUs only");
    }
}
