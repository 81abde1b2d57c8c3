using Torchyard.Images.Sandbox;
using Torchyard.Images.Timings;

namespace Torchyard.Images.Tests.Timings;

public sealed class SandboxTimeTests
{
    [Theory]
    [InlineData("Setting up bash (5.2)\n0m0.010s 0m0.020s\n1m2.500s 0m0.470s", 63.0)]
    [InlineData("0m0.000s 0m0.000s\n0m0.000s 0m1.250s\n", 1.25)]
    [InlineData("Setting up bash (5.2)", 0)]
    [InlineData("0m0.010s 0m0.020s\nlast words", 0)]
    [InlineData("", 0)]
    public void The_times_that_a_shell_prints_at_its_end_are_added_up(string tail, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), SandboxTime.Of(new SandboxResult(0, tail)));
}
