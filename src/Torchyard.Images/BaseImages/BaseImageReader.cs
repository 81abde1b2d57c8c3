using System.Text;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Debian.Unpacking;
using Torchyard.Images.Environments;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.BaseImages;

/// <summary>Reads what a lock says of an image that is built on.</summary>
public static class BaseImageReader
{
    /// <summary>1980-01-01, the first day that a zip archive can say: no image counts as older.</summary>
    public const long FirstDay = 315_532_800;

    // Which of two files counts: os-release(5).
    private static readonly string[] ReleaseFiles = ["etc/os-release", "usr/lib/os-release"];

    // Interpreters that come before Debian's in the search path.
    private static readonly string[] OtherInterpreters = ["usr/local/bin/python3", "usr/local/bin/python"];

    /// <summary>Reads it.</summary>
    /// <param name="paths">The store.</param>
    /// <param name="image">The image.</param>
    /// <param name="layers">Directories of its layers, top first.</param>
    public static LockedBase Read(StorePaths paths, StoredImage image, IReadOnlyList<string> layers)
    {
        ArgumentNullException.ThrowIfNull(image);
        var store = new ImageStore(paths);
        var manifest = store.ReadManifest(image.Manifest);
        using var view = new OverlayView(layers);
        var release = Release(view);
        var packages = Packages(view.ReadText(DpkgDatabase.Directory + "/status"));
        var programs = Programs(image.Config.Env);
        var python = packages.FirstOrDefault(package => package.Name == "python3")?.Version;
        // Torchyard's own programs of that name start Debian's.
        var isOther =
            view.Status(ProjectPython.Root + "/pyvenv.cfg") is null && OtherInterpreters.Any(path => view.Status(path) is not null);
        return new LockedBase
        {
            Manifest = image.Manifest,
            Architecture = store.ArchitectureOf(manifest),
            Distribution = release.GetValueOrDefault("ID"),
            Suite = release.GetValueOrDefault("VERSION_CODENAME"),
            Python = programs is null && !isOther ? python : null,
            Programs = programs,
            Environment = [.. image.Config.Env.Where(variable => variable.IndexOf('=', StringComparison.Ordinal) > 0)],
            Ports = [.. image.Config.ExposedPorts.Order(StringComparer.Ordinal)],
            Volumes = [.. image.Config.Volumes.Order(StringComparer.Ordinal)],
            Layers =
            [
                .. manifest.Layers.Zip(image.DiffIds, (layer, diffId) =>
                    new LockedBaseLayer(layer.Digest, diffId, layer.Size, layer.MediaType)
                ),
            ],
            Packages = packages,
        };
    }

    /// <summary>dpkg's <c>status</c> of an image; empty where it has none.</summary>
    /// <param name="layers">Directories of its layers, top first.</param>
    public static byte[] Status(IReadOnlyList<string> layers)
    {
        using var view = new OverlayView(layers);
        return Encoding.UTF8.GetBytes(view.ReadText(DpkgDatabase.Directory + "/status"));
    }

    /// <summary>Packages of a <c>status</c> text that are installed.</summary>
    internal static IReadOnlyList<LockedBasePackage> Packages(string status)
    {
        var packages = new List<LockedBasePackage>();
        foreach (var text in status.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            if (
                ControlParagraph.Parse(text) is { } paragraph
                && paragraph["Status"]?.EndsWith(" ok installed", StringComparison.Ordinal) == true
                && paragraph["Package"] is { Length: > 0 } name
                && paragraph["Version"] is { Length: > 0 } version
            )
            {
                // "name (version)" when the version differs.
                var source = paragraph["Source"]?.Split(' ', 2);
                packages.Add(
                    new LockedBasePackage
                    {
                        Name = name,
                        Version = version,
                        Architecture = paragraph["Architecture"] ?? "all",
                        Source = source?[0],
                        SourceVersion = source is [_, var other] ? other.Trim('(', ')', ' ') : null,
                    }
                );
            }
        }

        return
        [
            .. packages
                .OrderBy(package => package.Name, StringComparer.Ordinal)
                .ThenBy(package => package.Architecture, StringComparer.Ordinal),
        ];
    }

    /// <summary>Directory of an environment's programs: first in the search path, and neither the system's nor Torchyard's.</summary>
    private static string? Programs(IReadOnlyList<string> environment)
    {
        var path = environment.LastOrDefault(variable => variable.StartsWith("PATH=", StringComparison.Ordinal))?["PATH=".Length..];
        string[] usual = [.. ImageDefaults.SearchPath.Split(':'), ProjectPython.Programs, LockedPython.VenvPath + "/bin"];
        return path?.Split(':') is [['/', ..] first, ..] && !usual.Contains(first, StringComparer.Ordinal) ? first : null;
    }

    private static Dictionary<string, string> Release(OverlayView view)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var text = ReleaseFiles.Select(view.ReadText).FirstOrDefault(text => text.Length > 0) ?? "";
        foreach (var line in text.Split('\n'))
        {
            if (line.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals)
            {
                values.TryAdd(line[..equals].Trim(), Unquoted(line[(equals + 1)..].Trim()));
            }
        }

        return values;
    }

    private static string Unquoted(string value) => value is ['"' or '\'', .., _] && value[^1] == value[0] ? value[1..^1] : value;
}
