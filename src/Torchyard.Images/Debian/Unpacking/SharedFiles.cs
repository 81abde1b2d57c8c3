using Torchyard.Images.Debian.Packages;

namespace Torchyard.Images.Debian.Unpacking;

/// <summary>
/// Makes in the upper directory of a stage what <c>dpkg --unpack</c> of its packages over those of earlier stages would have done with
/// places that several packages want (Debian Policy 7.6; dpkg-divert(1)), and with packages of which nothing is left. Layers stay a
/// function of their own packages.
/// </summary>
/// <param name="upper">The upper directory.</param>
/// <param name="below">Layers and upper directories of the earlier stages, top first.</param>
/// <param name="lists">Lists of all packages, those of this stage included.</param>
/// <param name="stage">Packages of this stage, bottom layer first, by name within it.</param>
/// <param name="shared">Places that they want together with others.</param>
/// <param name="contents">Reads packages again.</param>
internal sealed class SharedFiles(
    UpperDirectory upper,
    IReadOnlyList<string> below,
    FileLists lists,
    IReadOnlyList<UnpackedPackage> stage,
    IReadOnlyCollection<string> shared,
    PackageContents contents
)
{
    private readonly HashSet<UnpackedPackage> _stage = new(stage, ReferenceEqualityComparer.Instance);
    private readonly LayerView _before = new([upper.Path, .. below]);
    private readonly LayerView _view = new([upper.Path, .. upper.Lower]);

    /// <summary>TY3004 unless Replaces decides, or a preinst script may yet divert.</summary>
    internal void RefuseUndecidable()
    {
        if (shared.Count > 0)
        {
            _ = Replay(static (one, other) => HasPreinst(one) || HasPreinst(other));
        }
    }

    /// <summary>Settles the places. To be called when the preinst scripts of the stage have run.</summary>
    /// <returns>Packages that are gone but for their files in <c>info</c> and their last script.</returns>
    internal IReadOnlyList<Disappeared> Settle()
    {
        var replayed = Replay(static (_, _) => false);
        if (!replayed.Places.IsEmpty)
        {
            var places = new HashSet<string>(replayed.Replay.Changes.Keys, StringComparer.Ordinal);
            places.UnionWith(replayed.Entries.SelectMany(pair => pair.Value).Select(archived => archived.Entry.Name));
            new SettledPlaces(upper, _before, contents).Apply(places, replayed.Replay);
        }

        WriteLists(replayed.Replay, replayed.Gone);
        return replayed.Gone;
    }

    private sealed record Replayed(
        UnpackReplay Replay,
        ContendedPlaces Places,
        IReadOnlyDictionary<UnpackedPackage, List<ArchivedEntry>> Entries,
        IReadOnlyList<Disappeared> Gone
    );

    private Replayed Replay(Func<UnpackedPackage, UnpackedPackage, bool> tolerates)
    {
        var diversions = Diversion.Parse(upper.ReadText(DpkgDatabase.Directory + "/diversions")).ToList();
        var places = new ContendedPlaces(shared);
        foreach (
            var diversion in diversions.Where(diversion =>
                lists.HoldersOf(diversion.From).Concat(lists.HoldersOf(diversion.To)).Any(_stage.Contains)
            )
        )
        {
            places.Add([PackageUnpacker.PlaceOf(diversion.From), PackageUnpacker.PlaceOf(diversion.To)]);
        }

        var archives = new Dictionary<UnpackedPackage, IReadOnlyList<ArchivedEntry>>(ReferenceEqualityComparer.Instance);
        while (true)
        {
            foreach (
                var package in places.IsEmpty
                    ? []
                    : stage.Where(package =>
                        !archives.ContainsKey(package) && package.ListedPaths.Any(path => places.Has(PackageUnpacker.PlaceOf(path)))
                    )
            )
            {
                archives[package] = contents.Entries(package);
            }

            places.AddNames(archives.Values);
            var entries = archives.ToDictionary(
                pair => pair.Key,
                pair => places.Of(pair.Value).ToList(),
                (IEqualityComparer<UnpackedPackage>)ReferenceEqualityComparer.Instance
            );
            var replay = new UnpackReplay(
                place => (places.Has(place) ? _before : _view).Node(place),
                path => lists.HoldersOf(path).Where(other => !_stage.Contains(other)),
                diversions,
                tolerates
            );
            var gone = Unpack(replay, entries, diversions);
            if (!places.Add(replay.Changes.Keys.Concat(replay.Followed.Where(place => _before.Find(place) is null))))
            {
                return new Replayed(replay, places, entries, gone);
            }
        }
    }

    private List<Disappeared> Unpack(
        UnpackReplay replay,
        Dictionary<UnpackedPackage, List<ArchivedEntry>> entries,
        List<Diversion> diversions
    )
    {
        var gone = new List<Disappeared>();
        var candidates = lists.WithNothingOfTheirOwn();
        var diverted = diversions.ToDictionary(diversion => diversion.From, StringComparer.Ordinal);
        var unpacked = new HashSet<UnpackedPackage>(
            lists.Packages.Where(package => !_stage.Contains(package)),
            ReferenceEqualityComparer.Instance
        );
        foreach (var package in UnpackOrder.Of(stage, [.. stage.Where(entries.ContainsKey)]))
        {
            if (entries.TryGetValue(package, out var contended))
            {
                replay.Unpack(package, contended);
            }

            foreach (
                var candidate in candidates
                    .Where(candidate => unpacked.Contains(candidate) && !ReferenceEquals(candidate, package))
                    .ToList()
            )
            {
                if (
                    Disappearance.Disappears(
                        candidate,
                        lists.ListOf(candidate).Where(path => IsListed(candidate, path)),
                        package,
                        Holders,
                        diverted,
                        lists.Packages.Where(other => !gone.Exists(disappeared => ReferenceEquals(disappeared.Package, other)))
                    )
                )
                {
                    gone.Add(new Disappeared(candidate, package));
                    candidates.Remove(candidate);
                    unpacked.Remove(candidate);
                    replay.Forget(candidate);
                }
            }

            IEnumerable<UnpackedPackage> Holders(string path) =>
                lists
                    .HoldersOf(path)
                    .Where(other => (ReferenceEquals(other, package) || unpacked.Contains(other)) && IsListed(other, path));

            replay.Elide(package);
            unpacked.Add(package);
        }

        return gone;

        bool IsListed(UnpackedPackage package, string path) =>
            !(replay.Unlisted.TryGetValue(package, out var unlisted) && unlisted.Contains(path));
    }

    private void WriteLists(UnpackReplay replay, IReadOnlyList<Disappeared> gone)
    {
        foreach (var (package, unlisted) in replay.Unlisted.OrderBy(pair => pair.Key.InfoName, StringComparer.Ordinal))
        {
            var list = $"{PackageUnpacker.InfoDirectory}/{package.InfoName}.list";
            upper.WriteText(
                list,
                string.Join('\n', upper.ReadText(list).Split('\n').Where(line => !unlisted.Contains(line.TrimStart('/'))))
            );
        }

        foreach (var (package, unsummed) in replay.Unsummed.Where(pair => pair.Key.HasTakenSums))
        {
            // 32 digits, two spaces, path: only what was unpacked was summed.
            const int PathAt = 34;
            var sums = $"{PackageUnpacker.InfoDirectory}/{package.InfoName}.md5sums";
            upper.WriteText(
                sums,
                string.Join(
                    '\n',
                    upper.ReadText(sums).Split('\n').Where(line => line.Length < PathAt || !unsummed.Contains(line[PathAt..]))
                )
            );
        }

        const string Status = DpkgDatabase.Directory + "/status";
        var before = upper.ReadText(Status);
        var status = before;
        foreach (var (package, path, hashOf) in replay.Obsolete)
        {
            status = DpkgDatabase.MarkObsolete(
                status,
                package.Package.Name,
                path,
                hashOf.ConffileHashes.GetValueOrDefault(path, "newconffile")
            );
        }

        foreach (var disappeared in gone)
        {
            status = DpkgDatabase.Without(status, disappeared.Package.Package.Name);
        }

        if (status != before)
        {
            upper.WriteText(Status, status);
        }
    }

    private static bool HasPreinst(UnpackedPackage package) => package.ControlFiles.ContainsKey("preinst");
}
