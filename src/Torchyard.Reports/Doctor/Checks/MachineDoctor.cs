namespace Torchyard.Reports.Doctor.Checks;

/// <summary>Runs every check over one view of the machine.</summary>
internal static class MachineDoctor
{
    public static DoctorReport Examine(MachineView machine, string storeRoot)
    {
        IMachineCheck[] checks =
        [
            new DriverCheck(),
            new DeviceNodeCheck(),
            new GpuHealthCheck(),
            new XidCheck(),
            new FabricCheck(),
            new NetworkCheck(),
            new ContainerCheck(),
            new EngineCheck(),
            new EnvironmentCheck(),
            new SystemCheck(storeRoot),
        ];
        return new DoctorReport(machine.Gpus, [.. checks.SelectMany(check => check.Run(machine))]);
    }
}
