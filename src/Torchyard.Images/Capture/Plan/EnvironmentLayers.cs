using Torchyard.Images.Capture.Host;
using Torchyard.Images.Capture.Request;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Capture.Plan;

/// <summary>The layers of the environment itself: one for each heavy distribution, one for the rest.</summary>
/// <param name="tree">The machine.</param>
/// <param name="request">What is asked for.</param>
/// <param name="parts">The environment first, then what it links to.</param>
/// <param name="factory">Makes the entries.</param>
/// <param name="relocation">Leads links to the path in the image; null when it is the same.</param>
/// <param name="rewritten">Files whose text names the path, with the new text.</param>
internal sealed class EnvironmentLayers(
    HostTree tree,
    CaptureRequest request,
    IReadOnlyList<EnvironmentPart> parts,
    EntryFactory factory,
    Relocation? relocation,
    IReadOnlyDictionary<string, byte[]> rewritten
)
{
    /// <summary>Adds them and ends the assembly.</summary>
    /// <returns>All layers, bottom first.</returns>
    public IReadOnlyList<PlannedLayer> Build(LayerAssembly assembly, CapturedEnvironment environment, string target)
    {
        foreach (var part in parts)
        {
            foreach (var directory in part.Entries.Where(entry => entry.IsDirectory))
            {
                assembly.Describe(CaptureEntry.Directory(part.InImage(directory.Path), user: part.Owner, group: part.Owner));
            }
        }

        foreach (var part in parts.Where(part => part.Owner == 0))
        {
            assembly.Add($"python at {part.Root}", Entries(part, _ => true));
        }

        foreach (var (title, names) in DistributionGrouping.Group(parts, request.Image.LayerBudget))
        {
            assembly.Add(
                title,
                parts.SelectMany(part =>
                    Entries(part, entry => part.Owners.TryGetValue(entry.Path, out var owner) && names.Contains(owner))
                )
            );
        }

        foreach (var part in parts.Where(part => part.Owner != 0).Skip(1))
        {
            assembly.Add($"linked {part.Root}", Entries(part, entry => !part.Owners.ContainsKey(entry.Path)));
        }

        var rest = Entries(parts[0], entry => !parts[0].Owners.ContainsKey(entry.Path)).ToList();
        // Empty directories too: some programs expect theirs.
        var filled = parts[0].Entries.Select(entry => ArchivePath.Parent(entry.Path)).ToHashSet(StringComparer.Ordinal);
        rest.AddRange(
            parts[0]
                .Entries.Where(entry => entry.IsDirectory && !filled.Contains(entry.Path) && IsKeptEmpty(entry.Path, environment))
                .Select(entry =>
                    CaptureEntry.Directory(parts[0].InImage(entry.Path), user: EnvironmentPlaces.UserId, group: EnvironmentPlaces.UserId)
                )
        );
        if (environment.Real != environment.Path && request.At is null && tree.ResolveParent(environment.Path) is not null)
        {
            // Some of its files name the place that the link leads to.
            rest.Add(CaptureEntry.Link(environment.Real[1..], environment.Path));
        }

        assembly.Add($"environment {target}", rest);
        return assembly.Build();
    }

    /// <summary>
    /// Not a directory whose content was left out: Python takes what is left of a package for a namespace, and a program that asks whether
    /// the package can be imported hears yes.
    /// </summary>
    private bool IsKeptEmpty(string path, CapturedEnvironment environment) =>
        tree.List(path).Count == 0
        && (request.Only.Count == 0 || !environment.Sites.Any(site => path.StartsWith(site + "/", StringComparison.Ordinal)));

    private IEnumerable<CaptureEntry> Entries(EnvironmentPart part, Func<ScannedEntry, bool> wanted)
    {
        foreach (var entry in part.Entries)
        {
            if (!entry.IsDirectory && wanted(entry) && factory.OfEnvironment(entry, part.InImage(entry.Path), part.Owner) is { } made)
            {
                yield return ReferenceEquals(part, parts[0]) ? Relocated(entry, made) : made;
            }
        }
    }

    private CaptureEntry Relocated(ScannedEntry entry, CaptureEntry made)
    {
        if (relocation is null)
        {
            return made;
        }

        return rewritten.TryGetValue(entry.Path, out var content)
                ? new CaptureEntry(made.Entry with { Size = content.Length }) { Content = content }
            : entry.IsLink ? new CaptureEntry(made.Entry with { LinkTarget = relocation.Retarget(made.Entry.LinkTarget) })
            : made;
    }
}
