using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Tar;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Debian.Unpacking;

/// <summary>
/// The places that several packages want, and what hangs on them: all below, and the further names of files that have a name there.
/// </summary>
internal sealed class ContendedPlaces
{
    private readonly HashSet<string> _places;

    /// <param name="places">Places that are wanted by several.</param>
    internal ContendedPlaces(IEnumerable<string> places) => _places = new(places, StringComparer.Ordinal);

    internal bool IsEmpty => _places.Count == 0;

    /// <summary>The places, without those that lie below others.</summary>
    internal IEnumerable<string> Topmost => _places.Where(place => !ArchivePath.IsAtOrBelow(ArchivePath.Parent(place), _places));

    internal bool Has(string place) => ArchivePath.IsAtOrBelow(place, _places);

    /// <summary>Entries of a package that matter.</summary>
    internal IEnumerable<ArchivedEntry> Of(IReadOnlyList<ArchivedEntry> archive) => archive.Where(archived => Has(archived.Entry.Name));

    /// <summary>Adds the further names of files that have a name here.</summary>
    internal void AddNames(IReadOnlyCollection<IReadOnlyList<ArchivedEntry>> archives)
    {
        // A link may point to a link, and a name of one package may be at a place of another: until nothing is added.
        for (var grown = true; grown; )
        {
            grown = false;
            foreach (
                var entry in archives
                    .SelectMany(archive => archive)
                    .Select(archived => archived.Entry)
                    .Where(entry => entry.Kind == TarKind.HardLink)
            )
            {
                grown |= Has(entry.Name) != Has(entry.LinkTarget) && _places.Add(Has(entry.Name) ? entry.LinkTarget : entry.Name);
            }
        }
    }

    /// <summary>Adds places; true when one of them was not known.</summary>
    internal bool Add(IEnumerable<string> places)
    {
        var grown = false;
        foreach (var place in places.Where(place => !Has(place)).ToList())
        {
            grown |= _places.Add(place);
        }

        return grown;
    }
}
