using Torchyard.Images.Debian.Configure;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Sbom;
using Torchyard.Images.Sources;
using Torchyard.Packages.Debian.Fetching;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Debian.Layers;

/// <summary>The packages of Debian: layers of unpacked packages, and over each stage of them one of what dpkg made of it.</summary>
/// <param name="fetcher">Gives the package files; null when nothing is built.</param>
internal sealed class DebianSource(IPackageFetcher? fetcher) : ILayerSource
{
    /// <inheritdoc />
    public LayerOrder Order => LayerOrder.System;

    /// <inheritdoc />
    public bool IsIn(RecipeLock locked) => locked.Packages.Count > 0;

    /// <inheritdoc />
    public IEnumerable<LockedFile> Files(RecipeLock locked, Func<LockedFile, bool> isCached) =>
        LockedPackageFile.Of(locked, locked.Packages);

    /// <inheritdoc />
    public async Task<IReadOnlyList<LayerPlan>> PlanAsync(LayerContext context)
    {
        var (files, stages) = await PackageFiles.BeginAsync(
            fetcher ?? throw new InvalidOperationException("a build needs a fetcher of packages"),
            context,
            controls => StagePlanner.Plan(context.Locked, controls)
        );
        var python = PythonCompiler.Create(context, files.Controls, files.FileAsync);
        context.BeginWork(context.Locked.Packages.Sum(package => package.Size));
        return new DebianStages(context, files, python).Plan(stages, files.Times);
    }

    /// <inheritdoc />
    public SourceSoftware Software(RecipeLock locked)
    {
        var release = DebianRelease.Of("debian", version: null, locked.SuiteOfBase());
        var further = locked.Archives.Where(archive => archive.IsFurther).ToDictionary(archive => archive.Id, StringComparer.Ordinal);
        return new SourceSoftware([
            .. locked.Packages.Zip(LockedPackageFile.Of(locked, locked.Packages), (package, file) =>
                Package(package, file, further.GetValueOrDefault(package.Archive ?? ""))
            ),
        ]);

        SpdxPackage Package(LockedDebianPackage package, LockedFile file, LockedArchive? archive)
        {
            var isDebian = archive is null && package.Path is null;
            var vendor =
                isDebian ? "debian"
                : archive is not null && UrlText.TryRead(archive.Uri, out var url) && url.Host.Length > 0 ? url.Host
                : "local";
            var made = SpdxPackage.Debian(
                vendor,
                package.Name,
                package.Version,
                package.Architecture,
                // Debian's advisories are about Debian's packages.
                isDebian ? release : null,
                new SourcePackage(package.Source, package.SourceVersion)
            ) with
            {
                DownloadLocation = file.Origin ?? (package.Path is null ? SpdxPackage.Unknown : SpdxPackage.Nowhere),
                Sha256 = file.Sha256,
            };
            return isDebian
                ? made
                : made with
                {
                    Supplier = archive is null ? null : $"Organization: {vendor}",
                    SourceInfo =
                        $"{made.SourceInfo}, "
                        + (archive is null ? $"from the file {package.Path}" : $"from {archive.Id}, signed by {archive.Key}"),
                };
        }
    }

    /// <inheritdoc />
    public LayerReason? Explain(RecipeLock locked, string name)
    {
        if (locked.Packages.FirstOrDefault(found => found.Name == name) is not { } package)
        {
            return null;
        }

        var facts = new List<string>();
        if (package.Requested)
        {
            facts.Add("the recipe names it");
        }

        if (package.Essential)
        {
            facts.Add("it is part of every Debian system (essential, or needed by what is)");
        }

        if (!package.Requested && !package.Essential)
        {
            facts.Add("it came as a dependency of the packages that the recipe names");
        }

        facts.Add(
            package.Path is { } path
                ? $"version {package.Version} is what {path} had when the lock was made"
                : $"version {package.Version} is what {package.Archive} had when the lock was made"
        );
        if (locked.Archives.FirstOrDefault(archive => archive.Id == package.Archive) is { IsFurther: true } further)
        {
            facts.Add($"{further.Uri} is an archive of the recipe, signed by the key {further.Key}");
        }

        return new LayerReason($"{package.Name} {package.Version}", "debian", [], facts) { Title = "Debian" };
    }
}
