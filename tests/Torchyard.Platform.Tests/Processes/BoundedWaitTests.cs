using System.Text.RegularExpressions;

namespace Torchyard.Platform.Tests.Processes;

/// <summary>
/// Over the tree: a program is waited for and read through <c>HostCommand</c>, <c>HostProcess</c> or a sandbox, all of which have bounds;
/// the few places that do so by themselves are named here, each with what ends its wait.
/// </summary>
public sealed partial class BoundedWaitTests
{
    private static readonly Dictionary<string, string> Allowed = new()
    {
        ["src/Torchyard.Platform/Processes/HostCommand.cs"] = "the bounds themselves",
        ["src/Torchyard.Platform/Processes/HostProcess.cs"] = "the bounds themselves",
        ["src/Torchyard.Containers/Copying/ContainerCopy.cs"] =
            "this program once more, and the caller, who can end it, waits for the copy",
        ["src/Torchyard.Containers/Starting/MonitorReport.cs"] = "the monitor, which is this program",
        ["src/Torchyard.Containers/Starting/MonitoredStart.cs"] = "the monitor, which is this program",
        ["src/Torchyard.Containers/Namespaces/StoreNamespace.cs"] = "this program once more, which has its own bounds",
        ["src/Torchyard.Containers/Network/PortRelay.cs"] = "this program once more, with its own patience",
        ["src/Torchyard.Containers/Sandbox/OciRootSandbox.cs"] = "ends everything inside when the request's bounds are reached",
        ["src/Torchyard.Containers/Sessions/ContainerExec.cs"] =
            "the caller's own program, whose end the caller waits for; what Torchyard runs has the request's bounds",
    };

    [Fact]
    public void A_wait_without_bounds_is_only_in_named_places()
    {
        var root = SourceTree.Root;
        var found = Directory
            .EnumerateFiles(Path.Combine(root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file =>
                !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/Torchyard.Supervisor/", StringComparison.Ordinal)
            )
            .Where(file => Wait().IsMatch(File.ReadAllText(file)))
            .Select(file => Path.GetRelativePath(root, file))
            .ToHashSet(StringComparer.Ordinal);

        Assert.Empty(
            found
                .Except(Allowed.Keys)
                .Order(StringComparer.Ordinal)
                .Select(file => $"{file} waits for a program by itself: use HostCommand, or HostProcess.WaitAsync")
        );
        Assert.Empty(
            Allowed.Keys.Except(found).Order(StringComparer.Ordinal).Select(file => $"{file} does so no longer: take it off the list")
        );
    }

    [GeneratedRegex(@"\.WaitForExit(Async)?\(|\.Standard(Output|Error)\.(BaseStream\.CopyTo|ReadToEnd|ReadLine)")]
    private static partial Regex Wait();
}
