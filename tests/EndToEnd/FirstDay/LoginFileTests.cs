using System.Diagnostics;
using Torchyard.EndToEnd.Environment;

namespace Torchyard.EndToEnd.FirstDay;

/// <summary>A <c>.bashrc</c> that a user brought along is the user's own: <c>up</c> says what it does to logins, and comes up.</summary>
[Collection(RunningEnvironmentTests.Name)]
public sealed class LoginFileTests(RunningEnvironment environment)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("read -p 'Which cluster? ' cluster", "holds the login")]
    [InlineData("exit 0", "ends the login")]
    [InlineData("echo Welcome back", "has a terminal")]
    public async Task A_start_file_that_asks_or_ends_or_greets_does_not_make_up_fail(string line, string result)
    {
        var home = environment
            .Report.Json.GetProperty("mounts")
            .EnumerateArray()
            .Single(mount => mount.GetProperty("target").GetString() == "/home/trainer")
            .GetProperty("source")
            .GetString()!;
        var file = Path.Combine(home, ".bashrc");
        var before = await File.ReadAllTextAsync(file, Cancellation);
        try
        {
            await File.WriteAllTextAsync(file, line + "\n", Cancellation);
            var watch = Stopwatch.StartNew();
            var up = await environment.UpAsync(Cancellation, "--recreate");

            var check = up.Json.GetProperty("checks").EnumerateArray().Single(check => check.GetProperty("name").GetString() == "SSH");
            Assert.EndsWith(result, check.GetProperty("result").GetString(), StringComparison.Ordinal);
            Assert.True(watch.Elapsed < TimeSpan.FromMinutes(2), $"it took {watch.Elapsed}");
        }
        finally
        {
            await File.WriteAllTextAsync(file, before, CancellationToken.None);
        }
    }
}
