using System.Globalization;
using Torchyard.Fit.Data;

namespace Torchyard.Fit.Live;

/// <summary>
/// The tables with what an index had: names, Pythons, tags and pins are the index's; what no index says (the architectures in a build) is
/// the table's, or that of the nearest build that the table knows, and then said to be.
/// </summary>
public static class LiveTables
{
    /// <summary>Id of the source that the index is.</summary>
    public const string Source = "index";

    /// <summary>The tables as of a snapshot.</summary>
    public static FitTables With(FitTables tables, IndexSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(tables);
        ArgumentNullException.ThrowIfNull(snapshot);
        var listed = snapshot.Builds.ToDictionary(build => (build.Torch, build.Build));
        var indexes = snapshot.Builds.Select(build => build.Build).ToHashSet(StringComparer.Ordinal);
        var rows = new List<TorchBuild>();
        foreach (var row in tables.Builds)
        {
            if (listed.TryGetValue((row.Torch, row.Build), out var build))
            {
                rows.Add(Update(row, build, tables, snapshot));
            }
            else if (!indexes.Contains(row.Build))
            {
                // Of this build the index says nothing at all, as a mirror of some.
                rows.Add(row);
            }
        }

        var oldest = tables.Builds.Min(row => DottedVersion.Parse(row.Torch));
        foreach (var build in snapshot.Builds)
        {
            if (
                DottedVersion.TryParse(build.Torch, out var release)
                && release > oldest
                && tables.Builds.All(row => row.Torch != build.Torch || row.Build != build.Build)
                && Infer(build, release, tables, snapshot) is { } row
            )
            {
                rows.Add(row);
            }
        }

        return tables.With(
            [.. rows.OrderBy(row => DottedVersion.Parse(row.Torch)).ThenBy(row => row.Cuda is not null).ThenBy(row => row.Cuda ?? default)],
            new FactSource(
                Source,
                "metadata",
                $"file names and METADATA of wheels of torch at {snapshot.Index}, read on {snapshot.Day}",
                snapshot.Index
            ),
            snapshot.Day
        );
    }

    private static TorchBuild Update(TorchBuild row, IndexedBuild build, FitTables tables, IndexSnapshot snapshot)
    {
        var (stable, experimental, without) = Pythons(build, row);
        var nearest =
            build.Arm.Count > 0 && row.Cuda is not null && row.Aarch64 is not { Count: > 0 }
                ? Nearest(
                    row.Build,
                    DottedVersion.Parse(row.Torch),
                    row.Cuda,
                    tables.Builds.Where(other => other.Aarch64 is { Count: > 0 })
                )
                : null;
        return row with
        {
            Python = stable,
            PythonExperimental = experimental,
            Arch = build.X86.Count == 0 ? [] : row.Arch,
            Aarch64Without = without,
            Aarch64 = build.Arm.Count == 0 ? null : nearest?.Aarch64 ?? row.Aarch64 ?? [],
            Aarch64Ptx = nearest?.Aarch64Ptx ?? row.Aarch64Ptx,
            Manylinux = Glibc(build.X86Glibc) ?? row.Manylinux,
            ManylinuxAarch64 = Glibc(build.ArmGlibc) ?? row.GlibcOf("aarch64"),
            IsYanked = build.IsYanked,
            Inferred = nearest is null
                ? null
                : $"{row.LocalVersion} for aarch64 is on the index as of {snapshot.Day} and in no table: its architectures are taken to be "
                    + $"those of {nearest.LocalVersion}",
            Source = [.. row.Source, Source],
        };
    }

    private static TorchBuild? Infer(IndexedBuild build, DottedVersion release, FitTables tables, IndexSnapshot snapshot)
    {
        var cuda = Cuda(build);
        if ((build.Build != "cpu" && cuda is null) || Nearest(build.Build, release, cuda, tables.Builds) is not { } nearest)
        {
            return null;
        }

        var (stable, experimental, without) = Pythons(build, null);
        return new TorchBuild
        {
            Torch = build.Torch,
            Build = build.Build,
            Cuda = cuda,
            Status = "stable",
            Arch = build.X86.Count > 0 ? nearest.Arch : [],
            Ptx = nearest.Ptx,
            Aarch64 = build.Arm.Count > 0 ? nearest.Aarch64 ?? [] : null,
            Aarch64Ptx = nearest.Aarch64Ptx,
            Python = stable,
            PythonExperimental = experimental,
            Aarch64Without = without,
            Manylinux = Glibc(build.X86Glibc) ?? Glibc(build.ArmGlibc) ?? nearest.Manylinux,
            ManylinuxAarch64 = Glibc(build.ArmGlibc) ?? nearest.GlibcOf("aarch64"),
            Cudnn = build.Pins?.Cudnn,
            Nccl = build.Pins?.Nccl,
            Nvshmem = build.Pins?.Nvshmem,
            Cusparselt = build.Pins?.Cusparselt,
            Triton = build.Pins?.Triton,
            IsYanked = build.IsYanked,
            Inferred =
                $"{build.Torch}+{build.Build} is on the index as of {snapshot.Day} and in no table"
                + (cuda is null ? "" : $": its architectures are taken to be those of {nearest.LocalVersion}"),
            Source = [Source, .. nearest.Source],
        };
    }

    /// <summary>
    /// The row whose rules hold most likely: the same build of the nearest release, else the nearest CUDA release of the same family in the
    /// newest release that is not newer.
    /// </summary>
    private static TorchBuild? Nearest(string build, DottedVersion release, DottedVersion? cuda, IEnumerable<TorchBuild> rows)
    {
        var known = rows.ToArray();
        var same = known.Where(row => row.Build == build).ToArray();
        if (same.Length > 0)
        {
            return same.Where(row => DottedVersion.Parse(row.Torch) <= release).MaxBy(row => DottedVersion.Parse(row.Torch))
                ?? same.MinBy(row => DottedVersion.Parse(row.Torch));
        }

        return known
            .Where(row => row.Cuda is { } own && cuda is { } wanted && own.Major == wanted.Major)
            .OrderBy(row => DottedVersion.Parse(row.Torch) > release)
            .ThenByDescending(row => DottedVersion.Parse(row.Torch))
            .ThenBy(row => Math.Abs(row.Cuda!.Value.Minor - cuda!.Value.Minor))
            .FirstOrDefault();
    }

    private static (IReadOnlyList<string> Stable, IReadOnlyList<string> Experimental, IReadOnlyList<string> Without) Pythons(
        IndexedBuild build,
        TorchBuild? row
    )
    {
        var all = build.X86.Union(build.Arm, StringComparer.Ordinal).ToArray();
        var stable = all.Where(python => row?.Python.Contains(python, StringComparer.Ordinal) ?? !python.EndsWith('t')).ToArray();
        // An index of only free-threaded wheels would leave nothing that counts as stable.
        stable = stable.Length > 0 ? stable : all;
        return (
            stable,
            [.. all.Except(stable, StringComparer.Ordinal)],
            build.Arm.Count == 0 ? [] : [.. all.Except(build.Arm, StringComparer.Ordinal)]
        );
    }

    /// <summary>CUDA of a build: as its METADATA pins it, else as its name says.</summary>
    private static DottedVersion? Cuda(IndexedBuild build) =>
        build.Build.Length < 5 ? null
        : build.Pins?.Cuda is { } pinned && DottedVersion.TryParse(pinned, out var version) && Name(version) == build.Build ? version
        : DottedVersion.TryParse($"{build.Build[2..^1]}.{build.Build[^1]}", out version) ? version
        : null;

    private static string Name(DottedVersion cuda) => string.Create(CultureInfo.InvariantCulture, $"cu{cuda.Major}{cuda.Minor}");

    private static DottedVersion? Glibc(int? minor) =>
        minor is { } known ? DottedVersion.Parse(string.Create(CultureInfo.InvariantCulture, $"2.{known}")) : null;
}
