using Torchyard.Flows.Starting;
using Torchyard.Machine.Kernel;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Tests.Starting;

public class EnvironmentLimitsTests
{
    private const long Gibi = 1L << 30;

    private static readonly MachineResources Machine = new(64 * Gibi, 8);

    [Fact]
    public void Shares_are_of_the_machine_and_of_the_memory_limit()
    {
        var limits = Of(
            new LimitSettings
            {
                MemoryShare = 0.5,
                SharedMemoryShare = 0.25,
                Cpus = 2,
            }
        );

        Assert.Equal(
            new Torchyard.Containers.Requests.ContainerLimits
            {
                Memory = 32 * Gibi,
                SharedMemory = 8 * Gibi,
                Cpus = 2,
            },
            limits
        );
    }

    [Fact]
    public void A_share_of_shared_memory_alone_is_of_the_memory_that_the_machine_gives() =>
        Assert.Equal(Machine.DefaultMemory / 2, Of(new LimitSettings { SharedMemoryShare = 0.5 }).SharedMemory);

    [Fact]
    public void What_the_recipe_does_not_name_is_left_to_the_machine() =>
        Assert.Equal(new Torchyard.Containers.Requests.ContainerLimits(), Of(new LimitSettings()));

    private static Torchyard.Containers.Requests.ContainerLimits Of(LimitSettings limits) =>
        EnvironmentRequest.Limits(
            new Recipe
            {
                Name = "x",
                Base = new DebianBase { Suite = "trixie" },
                Limits = limits,
            },
            Machine
        );
}
