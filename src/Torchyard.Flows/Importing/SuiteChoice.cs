using Torchyard.Fit.Data;
using Torchyard.Packages.Python.Versions;

namespace Torchyard.Flows.Importing;

/// <summary>
/// Chooses the Debian release of a recipe: the one whose Python is asked for, and that PyTorch has wheels for. Each release has one Python,
/// so that a wish may not be met; that is said.
/// </summary>
internal sealed class SuiteChoice
{
    // As base-systems.json has them, newest first.
    private static readonly (string Suite, string Id)[] Releases =
    [
        ("trixie", "debian:13"),
        ("bookworm", "debian:12"),
        ("bullseye", "debian:11"),
    ];

    // Wheels of PyTorch for Linux from before torch-builds.json begins: line, and the CPython releases from and to (its files on PyPI).
    private static readonly (string Line, int From, int To)[] OldWheels =
    [
        ("1.7", 6, 9),
        ("1.8", 6, 9),
        ("1.9", 6, 9),
        ("1.10", 6, 9),
        ("1.11", 7, 10),
        ("1.12", 7, 10),
        ("1.13", 7, 11),
        ("2.0", 8, 11),
        ("2.1", 8, 11),
        ("2.2", 8, 12),
        ("2.3", 8, 12),
        ("2.4", 8, 12),
        ("2.5", 9, 12),
    ];

    private readonly List<(VersionSpecifierSet Versions, string Place, string Text)> _pythons = [];
    private readonly List<VersionSpecifierSet> _torches = [];
    private string? _system;
    private string _systemPlace = "";

    /// <summary>The CPython 3 releases that Debian has, newest first.</summary>
    public static IReadOnlyList<int> Minors => [.. Releases.Select(release => MinorOf(release.Id))];

    /// <summary>A range of Python releases is asked for.</summary>
    public void Python(VersionSpecifierSet versions, string place, string text) => _pythons.Add((versions, place, text));

    /// <summary>PyTorch is asked for in a range of versions.</summary>
    public void Torch(VersionSpecifierSet versions)
    {
        // The build, +cu118, is the same for every Python.
        var text = string.Join(',', versions.Clauses.Select(clause => clause.ToString().Split('+')[0]));
        if (VersionSpecifierSet.TryParse(text, out var releases) && releases.Clauses.Count > 0)
        {
            _torches.Add(releases);
        }
    }

    /// <summary>A system is named, such as that of a container image.</summary>
    public void System(string suite, string place) => (_system, _systemPlace) = (suite, place);

    /// <summary>Settles the release, and says what of the wishes it does not meet.</summary>
    public void Settle(Import import)
    {
        var ranked = Releases
            .Select((release, index) => (release.Suite, Minor: MinorOf(release.Id), Age: index))
            .OrderBy(release => _pythons.Count(asked => !Takes(asked.Versions, release.Minor)))
            .ThenBy(release => HasTorch(release.Minor) ? 0 : 1)
            .ThenBy(release => Distance(release.Minor))
            .ThenBy(release => _system is null || _system == release.Suite ? 0 : 1)
            .ThenBy(release => release.Age)
            .ToList();
        var (suite, minor, _) = ranked[0];
        import.Draft.Suite = suite;
        foreach (var (versions, place, text) in _pythons)
        {
            if (Takes(versions, minor))
            {
                import.Became(place, text, $"base.suite {suite}", $"Python 3.{minor}");
            }
            else
            {
                import.Gap(
                    place,
                    text,
                    $"Debian has Python {string.Join(", ", Releases.Select(one => $"3.{MinorOf(one.Id)} ({one.Suite})"))}; {suite} is "
                        + "nearest, and what is pinned for another Python may have no wheel for it"
                );
            }
        }

        if (_system is { } system && system != suite)
        {
            import.Gap(_systemPlace, system, $"{suite} is taken instead, for its Python 3.{minor}");
        }

        var torch = "torch" + string.Join(',', _torches.Select(versions => versions.ToString()).Distinct());
        if (!HasTorch(minor))
        {
            import.Gap("", torch, $"PyTorch has no wheel of it for Python 3.{minor} of {suite}: choose a newer PyTorch");
        }

        if (suite != Releases[0].Suite)
        {
            var why =
                _pythons.Count > 0 ? string.Join(", ", _pythons.Select(one => one.Text).Distinct())
                : !HasTorch(MinorOf(Releases[0].Id)) ? torch
                : _systemPlace;
            import.Draft.SuiteReason = $"Python 3.{minor}, for {why}";
        }
    }

    private static int MinorOf(string id) =>
        (int)PythonVersion.Parse(FitTables.Default.Systems.First(system => system.Id == id).Python).Segment(1);

    // 3.11.99 for "<3.12" and ">=3.11.4", 3.11.0 for "==3.11.0".
    private static bool Takes(VersionSpecifierSet versions, int minor) =>
        versions.Contains(PythonVersion.Parse($"3.{minor}.99")) || Exact(versions) is { } exact && exact == minor;

    private static int? Exact(VersionSpecifierSet versions) =>
        versions.Clauses is [{ Operator: VersionOperator.Equal, Version: { } pinned }] && pinned.Segment(0) == 3
            ? (int)pinned.Segment(1)
            : null;

    private bool HasTorch(int minor) =>
        _torches.TrueForAll(versions =>
        {
            var releases = Wheels().Where(wheel => versions.Contains(wheel.Torch)).ToList();
            return releases.Count == 0 || releases.Exists(wheel => wheel.Has(minor));
        });

    private static IEnumerable<(PythonVersion Torch, Func<int, bool> Has)> Wheels() =>
        OldWheels
            .SelectMany(row => Enumerable.Range(0, 3).Select(patch => (Torch: $"{row.Line}.{patch}", row.From, row.To)))
            .Select(row => (PythonVersion.Parse(row.Torch), (Func<int, bool>)(minor => minor >= row.From && minor <= row.To)))
            .Concat(
                FitTables.Default.Builds.Select(row =>
                    (PythonVersion.Parse(row.Torch), (Func<int, bool>)(minor => row.Python.Contains($"3.{minor}", StringComparer.Ordinal)))
                )
            );

    // A newer Python runs more of what was written for an older one than the other way round.
    private int Distance(int minor)
    {
        var asked = _pythons.Select(one => Exact(one.Versions)).OfType<int>().ToList();
        return asked.Count == 0 ? 0 : asked.Max(wanted => minor >= wanted ? minor - wanted : 100 + wanted - minor);
    }
}
