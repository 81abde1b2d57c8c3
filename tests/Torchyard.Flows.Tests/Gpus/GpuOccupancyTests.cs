using Torchyard.Containers.State;
using Torchyard.Flows.Gpus;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Tests.Starting;
using Torchyard.Machine.Gpus;

namespace Torchyard.Flows.Tests.Gpus;

/// <summary>Who has which GPU, as a user sees it.</summary>
public sealed class GpuOccupancyTests
{
    // Ten hours after the boot of these machines it is 13:00.
    private static readonly DateTimeOffset Boot = new(2026, 6, 1, 3, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_GPU_is_free_or_has_an_environment_of_somebody_since_its_process_started()
    {
        using var machine = await GpuHost.CreateAsync(2);
        machine.Processes.Add(4242, start: 360_000);
        machine.Processes.Claim(4242, 360_000, [GpuHost.Gpu(1)], "vision", new string('a', 64));

        var gpus = await OfAsync(machine);

        Assert.Equal(["0", "1"], gpus.Select(gpu => gpu.Name));
        Assert.Equal(("NVIDIA H200", 0), (gpus[0].Model, gpus[0].HeldBy.Count));
        var held = Assert.Single(gpus[1].HeldBy);
        Assert.Equal((HoldingKind.Environment, "me", "vision", false), (held.Kind, held.User, held.Name, held.Own));
        Assert.Equal(Boot + TimeSpan.FromHours(1), held.Since);
    }

    [Fact]
    public async Task A_process_that_Torchyard_has_not_started_is_named_with_its_user()
    {
        using var machine = await GpuHost.CreateAsync(1, gpu => gpu with { Processes = [new GpuProcess(900), new GpuProcess(901)] });
        machine.Processes.Add(900, start: 720_000, user: GpuHost.Bob, name: "py\u001b[2J\u202ethon");

        var held = Assert.Single(await OfAsync(machine)).HeldBy;

        Assert.Equal(2, held.Count);
        Assert.Equal(
            (HoldingKind.Process, "bob", "py<U+001B>[2J<U+202E>thon", 900),
            (held[0].Kind, held[0].User, held[0].Name, held[0].ProcessId)
        );
        Assert.Equal(Boot + TimeSpan.FromHours(2), held[0].Since);
        // One in another namespace, or gone by now.
        Assert.Equal((HoldingKind.Process, null, null, 901), (held[1].Kind, held[1].User, held[1].Name, held[1].ProcessId));
    }

    [Fact]
    public async Task Processes_of_an_environment_are_not_shown_beside_it()
    {
        using var machine = await GpuHost.CreateAsync(1, gpu =>
            gpu with
            {
                Processes = [new GpuProcess(4250), new GpuProcess(4260), new GpuProcess(4270)],
            }
        );
        var id = new string('b', 64);
        machine.Processes.Add(4242, start: 360_000);
        machine.Processes.Claim(4242, 360_000, [GpuHost.Gpu(0)], "vision", id);
        // The container's program is a descendant of its monitor; one that exec started is in its cgroup.
        machine.Processes.Add(4249, start: 360_001, user: 231_072, parent: 4242);
        machine.Processes.Add(4250, start: 360_002, user: 231_072, parent: 4249, name: "python3");
        machine.Processes.Add(4260, start: 360_003, user: 231_072, parent: 1, name: "python3");
        machine.Processes.Place(4260, $"0::/torchyard/{id}/container");
        machine.Processes.Add(4270, start: 360_004, user: GpuHost.Alice, parent: 1, name: "python3");

        var held = Assert.Single(await OfAsync(machine)).HeldBy;

        Assert.Equal(
            [(HoldingKind.Environment, "me", "vision"), (HoldingKind.Process, "alice", "python3")],
            held.Select(holding => (holding.Kind, holding.User!, holding.Name!))
        );
    }

    [Fact]
    public async Task An_environment_of_this_store_is_known_by_its_record_with_what_is_due()
    {
        using var machine = await GpuHost.CreateAsync(1);
        using var running = new RunningEnvironment(
            machine.Test,
            new Dictionary<string, string>(),
            [],
            [new Containers.Requests.GrantedGpu(0, GpuHost.Gpu(0), "0", "NVIDIA H200")]
        );
        var container = (await machine.Host.Containers().ListAsync(Cancellation)).Single();
        container = container with
        {
            State = container.State with { Started = Boot.ToUnixTimeMilliseconds(), IdleStop = 1_780_318_800_000 },
        };
        // What its monitor says of it, too.
        machine.Processes.Add(4242, start: 360_000);
        machine.Processes.Claim(4242, 360_000, [GpuHost.Gpu(0)], "lie", running.Record.Id);

        var held = Assert.Single(Assert.Single(Of(machine, [container])).HeldBy);

        Assert.Equal(("work", true, Boot), (held.Name, held.Own, held.Since));
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1_780_318_800_000), held.IdleStop);
    }

    [Fact]
    public async Task A_machine_without_an_answer_of_the_driver_has_no_GPUs_to_show()
    {
        using var machine = await GpuHost.CreateAsync(1);

        Assert.Empty(new GpuOccupancy(machine.Host).Of(GpuSnapshot.None, []));
    }

    private static async Task<IReadOnlyList<OccupiedGpu>> OfAsync(GpuHost machine) =>
        Of(machine, await machine.Host.Containers().ListAsync(Cancellation));

    private static IReadOnlyList<OccupiedGpu> Of(GpuHost machine, IReadOnlyList<ContainerInfo> containers) =>
        new GpuOccupancy(machine.Host).Of(machine.Host.Gpus().ReadGpus(), containers);
}
