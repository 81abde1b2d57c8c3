using Torchyard.Images.Capture.Elf;
using Torchyard.Images.Capture.Host;
using Torchyard.Images.Capture.Python;
using Torchyard.Images.Capture.Request;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Capture.Plan;

/// <summary>Something from outside the environment that is taken with it, and why.</summary>
/// <param name="Path">Absolute path, or the name of a package.</param>
/// <param name="Reason">Why, as a phrase.</param>
public sealed record Addition(string Path, string Reason);

/// <summary>A layer to be made.</summary>
/// <param name="Title">What is in it.</param>
/// <param name="Entries">Its entries, sorted by name, parents included.</param>
internal sealed record PlannedLayer(string Title, IReadOnlyList<CaptureEntry> Entries)
{
    /// <summary>Bytes of its files.</summary>
    public long Size => Entries.Sum(entry => entry.Entry.Size);

    /// <summary>Number of its files.</summary>
    public int Files => Entries.Count(entry => entry.Entry.Kind == Tar.TarKind.File);
}

/// <summary>Everything that decides a captured image.</summary>
internal sealed record CapturePlan
{
    /// <summary>
    /// Time of everything in captured layers: 1980-01-01, as in the layers of wheels, so that a copy of an environment gives the same
    /// layers.
    /// </summary>
    internal const long ModifiedAt = Torchyard.Images.Python.WheelLayerFile.ModifiedAt;

    public required CaptureRequest Request { get; init; }

    /// <summary>The machine.</summary>
    public required HostTree Tree { get; init; }

    public required CapturedEnvironment Environment { get; init; }

    /// <summary>Absolute path of the environment in the image.</summary>
    public required string Target { get; init; }

    /// <summary>Layers, bottom first, without the top one that every Torchyard image has.</summary>
    public required IReadOnlyList<PlannedLayer> Layers { get; init; }

    /// <summary>Account databases of the base system.</summary>
    public required Torchyard.Images.Environments.AccountFiles Accounts { get; init; }

    /// <summary>Services that can run in the image.</summary>
    public required ServiceSettings Services { get; init; }

    /// <summary>Packages of the machine that are taken.</summary>
    public required IReadOnlyList<HostPackage> Packages { get; init; }

    /// <summary>Distributions of the environment that are taken.</summary>
    public required IReadOnlyList<InstalledDistribution> Distributions { get; init; }

    /// <summary>
    /// Distributions that are in the image besides the packages' own: those of the environment and of the directories that it imports from.
    /// What it sees of the system's Python packages is files of <see cref="Packages"/>.
    /// </summary>
    public required IReadOnlyList<InstalledDistribution> Software { get; init; }

    /// <summary>Directories (paths inside the image, ended by a slash) whose Python modules get bytecode.</summary>
    public required IReadOnlyList<string> ModuleRoots { get; init; }

    public required IReadOnlyList<Addition> Added { get; init; }

    public required IReadOnlyList<Omission> LeftOut { get; init; }

    public required IReadOnlyList<MissingLibrary> Missing { get; init; }

    /// <summary>Libraries of the NVIDIA driver that the environment loads and that the image gets when it is run.</summary>
    public required IReadOnlyCollection<string> Drivers { get; init; }

    /// <summary>What the user should know before relying on the image.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Name of the machine's system, from os-release.</summary>
    public required string System { get; init; }

    /// <summary>Seconds since 1970: time of the newest file that is captured.</summary>
    public required long Created { get; init; }
}
