using Torchyard.Containers.Gpus;
using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;
using Torchyard.Machine.Libraries;
using Torchyard.Testing.Gpus;

namespace Torchyard.Containers.Tests.Gpus;

/// <summary>What containers on the machines of tests need.</summary>
internal static class MachineInjection
{
    public static ContainerInjection Injection(this RecordedMachine machine, Func<string, string?>? environment = null) =>
        Of(machine.Files, environment ?? (_ => null));

    public static ContainerInjection Injection(this FakeMachine machine) => Of(machine.Files, machine.Environment.GetValueOrDefault);

    private static ContainerInjection Of(MachineFiles files, Func<string, string?> environment) =>
        new(files, environment, new LibrarySearch(files, environment), KernelModule.Version(files)!);
}
