using System.Security.Cryptography;
using Torchyard.Images.Deb;
using Torchyard.Images.Environments;
using Torchyard.Packages;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Images.Tests.Building;

/// <summary>A directory of real .debs as lock and fetcher: TORCHYARD_TEST_DEBS, for instance apt-get's archives after --download-only.</summary>
internal sealed class PackageDirectory : IPackageFetcher
{
    private readonly Dictionary<Digest, string> _files = [];

    public static string? FromEnvironment => Environment.GetEnvironmentVariable("TORCHYARD_TEST_DEBS") is { Length: > 0 } path ? path : null;

    public static SupervisorProgram Supervisor { get; } = new("#!/bin/sh\nexec \"$@\"\n"u8.ToArray(), Digest.Of("#!/bin/sh\nexec \"$@\"\n"u8));

    /// <summary>Reads the packages; <paramref name="requested"/> in the recipe's order.</summary>
    public RecipeLock Lock(string directory, IReadOnlyList<string> requested, Func<string, bool>? take = null, long epoch = 1_900_000_000, ImageSettings? image = null)
    {
        var controls = new SortedDictionary<string, (ControlParagraph Control, string File)>(StringComparer.Ordinal);
        foreach (var file in Directory.GetFiles(directory, "*.deb"))
        {
            using var archive = DebArchive.Open(file, Path.GetFileName(file));
            var control = ControlParagraph.Parse(archive.ReadControl()["control"].Text)!;
            controls[control["Package"]!] = (control, file);
        }

        var relations = new PackageRelations(controls.Values.Select(pair => pair.Control));
        var essential = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, pair) in controls)
        {
            if (pair.Control["Essential"] == "yes")
            {
                relations.AddClosure(name, essential);
            }
        }

        var wanted = new HashSet<string>(essential, StringComparer.Ordinal);
        foreach (var name in requested)
        {
            relations.AddClosure(name, wanted);
        }

        var packages = new List<LockedDebianPackage>();
        foreach (var (name, (control, file)) in controls)
        {
            if (!wanted.Contains(name) || take?.Invoke(name) == false)
            {
                continue;
            }

            using var stream = File.OpenRead(file);
            var digest = Digest.FromHash(SHA256.HashData(stream));
            _files[digest] = file;
            packages.Add(new LockedDebianPackage
            {
                Name = name,
                Version = control["Version"]!,
                Architecture = control["Architecture"]!,
                Source = (control["Source"] ?? name).Split(' ')[0],
                Archive = "trixie",
                Filename = "pool/" + Path.GetFileName(file),
                Size = stream.Length,
                Sha256 = digest,
                InstalledSize = long.Parse(control["Installed-Size"] ?? "0", System.Globalization.CultureInfo.InvariantCulture) * 1024,
                Essential = essential.Contains(name),
                Requested = requested.Contains(name),
            });
        }

        var settings = image ?? new ImageSettings();
        return new RecipeLock
        {
            RecipeDigest = Digest.Of("recipe"u8),
            Recipe = new Recipe { Name = "test", Base = new DebianBase { Suite = "trixie" }, Packages = requested, Image = settings },
            SourceDateEpoch = epoch,
            Archives = [new LockedArchive("trixie", "http://deb.debian.org/debian", "trixie", ["main"], Digest.Of("release"u8), epoch)],
            Packages = packages,
            Tools = new LockedTools(ImageBuilder.Format, Supervisor.Digest, ImageBuilder.Compressor(settings)),
        };
    }

    public IReadOnlyDictionary<LockedDebianPackage, Task<string>> Fetch(
        RecipeLock locked, IReadOnlyList<LockedDebianPackage> packages, CancellationToken cancellation) =>
        packages.ToDictionary(package => package, package => Task.FromResult(_files[package.Sha256]));

    public IReadOnlyList<LockedDebianPackage> RemoveDamaged(RecipeLock locked, CancellationToken cancellation) => [];
}
