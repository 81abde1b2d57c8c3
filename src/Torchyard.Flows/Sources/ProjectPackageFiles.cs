using Torchyard.Flows.Hosts;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Errors;
using Torchyard.Packages.Debian.Fetching;
using Torchyard.Packages.Debian.Indexes;
using Torchyard.Packages.Errors;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Sources;

/// <summary>The <c>.deb</c> files that a recipe names: copied to the package cache, and read there.</summary>
/// <param name="host">Who asks, from where.</param>
/// <param name="source">The recipe.</param>
internal sealed class ProjectPackageFiles(Host host, RecipeSource source)
{
    private readonly ProjectPackageCache _cache = new(host.Store, source.Files.Open);

    /// <summary>Reads one.</summary>
    /// <param name="path">Its path as the recipe has it.</param>
    /// <exception cref="TorchyardException">TY2071: it is not a package, or damaged; TY2074: it is for other machines; TY1043: it is
    /// outside the project, and nobody allowed that.</exception>
    public LocalPackage Read(string path)
    {
        try
        {
            var package = ReadFile(path);
            return package.Architecture == "all" || package.Architecture == source.Recipe.Base.Architecture
                ? package
                : throw new TorchyardException(
                    PackageCodes.OtherArchitecture,
                    $"{path} is for {package.Architecture}, and the image is for {source.Recipe.Base.Architecture}",
                    $"name a file for {source.Recipe.Base.Architecture} or 'all'; or change base.architecture in the recipe"
                );
        }
        catch (TorchyardException wrong) when (wrong.Code is PackageCodes.UnusableFile or PackageCodes.OtherArchitecture)
        {
            throw new TorchyardException(wrong.Code, wrong.Message, wrong.Cure, wrong.InnerException)
            {
                IsUsage = true,
                Location = RecipePlaces.Of(source.File, $"packages[{source.Recipe.Packages.ToList().IndexOf(path)}]"),
            };
        }
    }

    private LocalPackage ReadFile(string path)
    {
        try
        {
            var (file, size, digest) = _cache.Take(path);
            var (control, unpacked) = PackageFileReader.Read(file, Path.GetFileName(path));
            return LocalPackage.Of(path, control, unpacked, size, digest);
        }
        catch (Exception failure)
            when (failure
                    is IOException
                        or UnauthorizedAccessException
                        or TorchyardException
                        {
                            Code: PlatformCodes.NotRegular or ImageCodes.BadArchive or ImageCodes.UnsafeName or ImageCodes.UnpacksTooLarge
                        }
            )
        {
            throw LocalPackage.Unusable(path, failure.Message.TrimEnd('.'), failure);
        }
    }
}
