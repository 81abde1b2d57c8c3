using Torchyard.Images.Capture.Elf;
using Torchyard.Images.Capture.Host;
using Torchyard.Images.Capture.Request;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Capture.Plan;

/// <summary>The layers below the environment: the machine's packages, and the settings that make a system of them.</summary>
/// <param name="tree">The machine.</param>
/// <param name="request">What is asked for.</param>
/// <param name="installed">The machine's packages; null where it has no dpkg, or the image has another base.</param>
/// <param name="parts">The environment, whose files are not the base's.</param>
/// <param name="factory">Makes the entries.</param>
/// <param name="notes">Gets what is left out.</param>
internal sealed class BaseLayers(
    HostTree tree,
    CaptureRequest request,
    HostPackages? installed,
    IReadOnlyList<EnvironmentPart> parts,
    EntryFactory factory,
    CaptureNotes notes
)
{
    // What an environment leads to below these comes along, other than what the packages have there.
    private static readonly string[] Carried = ["/root/", "/home/", "/tmp/", "/var/tmp/", "/mnt/", "/media/", "/srv/"];

    /// <summary>Adds them.</summary>
    /// <param name="assembly">Gets the layers.</param>
    /// <param name="packages">The packages that are taken.</param>
    /// <param name="needs">Files that are taken by themselves.</param>
    public void Add(LayerAssembly assembly, IReadOnlyList<HostPackage> packages, HostNeeds needs)
    {
        var system = new SystemFiles(tree);
        var info = packages.Count > 0 ? system.InfoFiles() : Array.Empty<string>().ToLookup(_ => "");
        foreach (var (title, group) in PackageGrouping.Group(packages))
        {
            var entries = new List<CaptureEntry>();
            foreach (var path in group.SelectMany(package => installed!.FilesOf(package).Concat(info[package.InfoName])))
            {
                if (DriverLibraries.IsDriver(path) || parts.Any(part => part.Contains(path)))
                {
                    continue;
                }

                var (entry, reason) = factory.OfPackage(path);
                // Of what changes while the machine runs, the directories are the package's and the content is the machine's.
                if (BaseSystem.IsOfTheMachine(path) && entry?.Entry.Kind != Tar.TarKind.Directory)
                {
                    continue;
                }

                if (entry is not null)
                {
                    entries.Add(entry);
                }
                else if (reason.Length > 0)
                {
                    notes.LeftOut.Add(new Omission(path, reason));
                }
            }

            assembly.Add(title, entries);
        }

        var settings = new List<CaptureEntry>();
        foreach (var path in needs.Loose.Keys)
        {
            if (!BaseSystem.IsOfTheMachine(path) || Carried.Any(directory => path.StartsWith(directory, StringComparison.Ordinal)))
            {
                Take(path, settings);
                continue;
            }

            // Not as taken and then missing: it is said.
            notes.Added.RemoveAll(addition => addition.Path == path);
            notes.LeftOut.Add(new Omission(path, $"{needs.Loose[path]}, and it is of this machine, not of an environment"));
        }

        if (request.Base is not null)
        {
            assembly.Add("libraries of this machine that the base image lacks", settings);
            Traverse(assembly);
            return;
        }

        bool Has(string path) => assembly.Paths.Contains(path) || settings.Exists(entry => entry.Entry.Name == path);

        if (packages.Any(package => package.Name == "ca-certificates"))
        {
            foreach (var path in system.Certificates())
            {
                Take(path, settings);
            }
        }

        settings.AddRange(system.Skeleton(Has));
        if (packages.Count > 0)
        {
            settings.AddRange(system.ChosenAlternatives(Has));
            settings.AddRange(system.PackageDatabase(packages));
        }

        if (system.LoaderCache(Has) is { } cache)
        {
            settings.Add(cache);
        }

        assembly.Add(packages.Count > 0 ? "base system: settings" : "base system", settings);
        Traverse(assembly);
    }

    private void Take(string path, List<CaptureEntry> into)
    {
        var (entry, reason) = factory.Loose(path);
        if (entry is not null)
        {
            into.Add(entry);
        }
        else if (reason.Length > 0)
        {
            notes.LeftOut.Add(new Omission(path, reason));
        }
    }

    /// <summary>Lets the image's user pass through root's home when something that was captured lies in it.</summary>
    private void Traverse(LayerAssembly assembly)
    {
        if (
            parts.Any(part => part.Target.StartsWith("/root/", StringComparison.Ordinal))
            || assembly.Paths.Any(path => path.StartsWith("root/", StringComparison.Ordinal))
        )
        {
            assembly.Redescribe(CaptureEntry.Directory("root", FileModes.Searchable));
        }
    }
}
