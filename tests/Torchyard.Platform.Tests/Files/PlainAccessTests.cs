using System.Text.RegularExpressions;

namespace Torchyard.Platform.Tests.Files;

/// <summary>
/// Where files of packages, containers and projects are handled, nothing is opened, listed or removed by a plain path: a link in it would
/// lead out.
/// </summary>
public sealed partial class PlainAccessTests
{
    // Each works on directories that this program alone writes to, for the reason beside it.
    private static readonly Dictionary<string, string> Allowed = new()
    {
        ["src/Torchyard.Images/Debian/Configure/ConfigureStage.cs"] =
            "makes the directories of a stage, and the scripts that are mounted into it read-only",
        ["src/Torchyard.Images/Debian/Configure/PythonCompiler.cs"] = "makes the directories of a compilation before the interpreter runs",
        ["src/Torchyard.Images/Debian/Unpacking/SettledPlaces.cs"] = "unpacks into a scratch directory in which nothing runs",
        ["src/Torchyard.Images/Python/VenvStage.cs"] = "makes the directories of the stage before the interpreter runs",
        ["src/Torchyard.Containers/Logs/LogReader.cs"] = "the log of the container's own output, which the monitor writes outside of it",
        ["src/Torchyard.Containers/Logs/LogWriter.cs"] = "the same",
        ["src/Torchyard.Containers/Sessions/ContainerExec.cs"] = "the container's own configuration, and the request of one exec beside it",
        ["src/Torchyard.Containers/Sessions/ProgramSignal.cs"] = "the kernel's own files in /proc",
        ["src/Torchyard.Containers/Sockets/LocalSocket.cs"] = "sockets in the container's directory, which no program inside sees",
        ["src/Torchyard.Flows/Starting/AccessKeys.cs"] = "the caller's own keys",
        ["src/Torchyard.Flows/Starting/ProjectPythonDirectory.cs"] = "makes a directory of the project's state, before a container sees it",
        ["src/Torchyard.Flows/Starting/SshHostEntry.cs"] = "a link in the directory above those of a project that a container sees",
        ["src/Torchyard.Flows/Starting/SshLoginCheck.cs"] = "a key in the container's directory, which no program inside sees",
        ["src/Torchyard.Flows/Starting/UpFlow.cs"] = "makes the directories of a project in the store",
        ["src/Torchyard.Flows/Starting/HomeDirectory.cs"] = "makes a new home before a container sees it",
    };

    private static readonly string[] Folders =
    [
        "src/Torchyard.Images/Debian/Configure",
        "src/Torchyard.Containers/Logs",
        "src/Torchyard.Containers/Sessions",
        "src/Torchyard.Containers/Sockets",
        "src/Torchyard.Flows/Starting",
    ];

    private static readonly string[] Files =
    [
        "src/Torchyard.Containers/Launch/ContainerAccounts.cs",
        "src/Torchyard.Images/Environments/EnvironmentLayer.cs",
        "src/Torchyard.Images/Python/VenvStage.cs",
        .. new[] { "Disappearance", "DpkgDatabase", "OverlayView", "SettledPlaces", "SharedFiles", "UpperDirectory" }.Select(name =>
            $"src/Torchyard.Images/Debian/Unpacking/{name}.cs"
        ),
    ];

    [Fact]
    public void Only_named_places_open_list_or_remove_by_a_plain_path()
    {
        var root = SourceTree.Root;
        var found = Folders
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(root, folder), "*.cs", SearchOption.AllDirectories))
            .Concat(Files.Select(file => Path.Combine(root, file)))
            .Where(file => PlainAccess().IsMatch(File.ReadAllText(file)))
            .Select(file => Path.GetRelativePath(root, file))
            .ToHashSet(StringComparer.Ordinal);

        Assert.Empty(
            found
                .Except(Allowed.Keys)
                .Order(StringComparer.Ordinal)
                .Select(file => $"{file} opens, lists or removes by a plain path: use ConfinedDirectory")
        );
        Assert.Empty(
            Allowed.Keys.Except(found).Order(StringComparer.Ordinal).Select(file => $"{file} does so no longer: take it off the list")
        );
    }

    /// <summary>
    /// An <see cref="Torchyard.Platform.Files.UntrustedDirectory"/> gives its path to be mounted, and to nobody who would reach below it.
    /// </summary>
    [Fact]
    public void The_path_of_an_untrusted_directory_is_for_mounts_alone()
    {
        var root = SourceTree.Root;
        var found = Directory
            .EnumerateFiles(Path.Combine(root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => UntrustedPath().IsMatch(File.ReadAllText(file)))
            .Select(file => Path.GetRelativePath(root, file))
            .Order(StringComparer.Ordinal);

        Assert.Equal(["src/Torchyard.Flows/Starting/EnvironmentRequest.cs"], found);
    }

    [GeneratedRegex(
        @"(?<![\w.])(File|Directory)\.(?!Exists\b)\w+\(|new (FileStream|FileInfo|DirectoryInfo|StreamReader|StreamWriter)\((?!log\b|stream\b|client\b|new\b)"
    )]
    private static partial Regex PlainAccess();

    [GeneratedRegex(@"\b(RunDirectory|ServiceState|ServiceLogs|ServiceLogDirectory)\.Path\b")]
    private static partial Regex UntrustedPath();
}
