using Torchyard.Images.Debian.Configure;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Sbom;
using Torchyard.Images.Sources;
using Torchyard.Packages.Debian.Fetching;
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
        var release = DebianRelease.Of("debian", version: null, locked.Recipe.Base.Suite);
        return new SourceSoftware([
            .. locked.Packages.Zip(LockedPackageFile.Of(locked, locked.Packages), (package, file) =>
                SpdxPackage.Debian(
                    "debian",
                    package.Name,
                    package.Version,
                    package.Architecture,
                    release,
                    new SourcePackage(package.Source, package.SourceVersion)
                ) with
                {
                    DownloadLocation = file.Origin ?? SpdxPackage.Unknown,
                    Sha256 = file.Sha256,
                }
            ),
        ]);
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

        facts.Add($"version {package.Version} is what {package.Archive} had when the lock was made");
        return new LayerReason($"{package.Name} {package.Version}", "debian", [], facts) { Title = "Debian" };
    }
}
