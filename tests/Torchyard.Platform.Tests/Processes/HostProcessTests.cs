using System.Diagnostics;
using System.Text.RegularExpressions;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Platform.Tests.Processes;

/// <summary>The one place that starts programs.</summary>
public sealed partial class HostProcessTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_helper_starts_in_the_root_directory_with_a_PATH_of_absolute_entries()
    {
        var result = await HostCommand.RunAsync(HostProgram.Require("sh"), ["-c", "pwd; echo \"$PATH\""], cancellation: Cancellation);

        var lines = result.Output.Split('\n');
        Assert.Equal("/", lines[0]);
        Assert.Equal(HostProgram.SearchPath, lines[1]);
        Assert.All(lines[1].Split(':'), directory => Assert.StartsWith("/", directory, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("sh", "/")]
    [InlineData("./sh", "/")]
    [InlineData("/bin/sh", "")]
    [InlineData("/bin/sh", "bin")]
    public void A_start_without_an_absolute_program_and_directory_is_a_defect(string program, string directory) =>
        Assert.Throws<InvalidOperationException>(() => HostProcess.Start(new ProcessStartInfo(program) { WorkingDirectory = directory }));

    [Fact]
    public async Task Files_that_the_caller_of_this_process_left_open_stay_here()
    {
        var open = OpenCalls.OpenDescriptor("/etc/passwd", 0);
        try
        {
            var result = await HostCommand.RunAsync(HostProgram.Require("ls"), ["-l", "/proc/self/fd"], cancellation: Cancellation);

            Assert.True(open >= 3);
            Assert.DoesNotContain("/etc/passwd", result.Output, StringComparison.Ordinal);
        }
        finally
        {
            _ = OpenCalls.Close(open);
        }
    }

    [Fact]
    public async Task A_program_is_not_found_through_the_working_directory()
    {
        using var directory = new TemporaryDirectory();
        var marker = Path.Combine(directory.Path, "marker");
        File.WriteAllText(Path.Combine(directory.Path, "cat"), $"#!/bin/sh\n: > {marker}\n");
        File.SetUnixFileMode(Path.Combine(directory.Path, "cat"), UnixFileMode.UserRead | UnixFileMode.UserExecute);

        await HostCommand.RunAsync(HostProgram.Require("cat"), [], directory: directory.Path, cancellation: Cancellation);

        Assert.False(File.Exists(marker));
    }

    [Fact]
    public void No_other_place_of_the_source_starts_a_program()
    {
        // The supervisor stands on nothing of this, and starts programs inside the container alone; UrlText is excused from another ban.
        string[] allowed =
        [
            "src/Torchyard.Platform/Processes/HostProcess.cs",
            "src/Torchyard.Platform/Http/HttpSource.cs",
            "src/Torchyard.Platform/Linux/ProcessCalls.cs",
            "src/Torchyard.Platform/Text/UrlText.cs",
            "src/Torchyard.Supervisor/Native/Spawn.cs",
        ];
        var root = SourceTree.Root;
        var found = Directory
            .EnumerateFiles(Path.Combine(root, "src"), "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(root, file))
            .Where(file =>
                !file.Contains("/obj/", StringComparison.Ordinal) && StartOfProgram().IsMatch(File.ReadAllText(Path.Combine(root, file)))
            );

        Assert.Equal(allowed.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(
        """(?<!Host)Process\.Start\(|new ProcessStartInfo|RS0030|EntryPoint = "(exec\w*|fexecve|posix_spawnp?|v?fork|clone3?|system|popen)"|DllImport\("""
    )]
    private static partial Regex StartOfProgram();
}
