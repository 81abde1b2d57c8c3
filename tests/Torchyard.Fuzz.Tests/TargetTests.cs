using Torchyard.Fuzz.Engine;

namespace Torchyard.Fuzz.Tests;

/// <summary>
/// Each parser of untrusted input gets its seeds, all inputs that ever broke it, and with TORCHYARD_TEST_LONG mutations of them.
/// <c>fuzz/run</c> does the same for as long as it is told to, and follows the branches that inputs take.
/// </summary>
public sealed class TargetTests
{
    // Mutations belong to long runs: what chance finds is not the fault of the change that happens to be tested.
    private static readonly TimeSpan Time =
        Environment.GetEnvironmentVariable("TORCHYARD_TEST_LONG") == "1" ? TimeSpan.FromSeconds(5) : TimeSpan.Zero;

    public static TheoryData<string> Names => [.. AllTargets.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Input_of_strangers_is_read_or_refused(string target)
    {
        var finds = Path.Combine(AppContext.BaseDirectory, "finds");
        // The same beginning each time: a change is held responsible for what it breaks, and not for what chance finds. fuzz/run has other
        // seeds.
        const int Seed = 1;
        var found = FuzzProgram.Try(target, Time, Seed, finds);
        Assert.True(found.Count == 0, $"fuzz/run {target} --seed {Seed}\n{string.Join('\n', found)}");
    }
}
