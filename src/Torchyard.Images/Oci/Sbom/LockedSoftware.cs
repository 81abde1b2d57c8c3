using Torchyard.Recipes;

namespace Torchyard.Images.Oci.Sbom;

/// <summary>The software of an image that was built from a lock.</summary>
internal static class LockedSoftware
{
    private const string CudnnLicense = "LicenseRef-NVIDIA-cuDNN";

    public static SpdxContent Of(RecipeLock locked)
    {
        var archives = locked.Archives.ToDictionary(archive => archive.Id, StringComparer.Ordinal);
        var packages = locked.Packages.Select(package => SpdxPackage.Debian("debian", package.Name, package.Version, package.Architecture, locked.Recipe.Base.Suite) with
        {
            DownloadLocation = archives.TryGetValue(package.Archive, out var archive) ? $"{archive.Uri.TrimEnd('/')}/{package.Filename}" : SpdxPackage.Unknown,
            SourceInfo = "built from Debian source package " + package.Source,
            Sha256 = package.Sha256,
        }).ToList();
        packages.AddRange((locked.Python?.Packages ?? []).Select(wheel => SpdxPackage.Python(wheel.Name, wheel.Version) with
        {
            DownloadLocation = wheel.Url ?? SpdxPackage.Unknown,
            SourceInfo = "installed from " + wheel.Filename,
            Sha256 = wheel.Sha256,
        }));
        if (locked.Cudnn is not { } cudnn)
        {
            return new SpdxContent(locked.Recipe.Name, locked.Recipe.Image.Tag, locked.SourceDateEpoch, packages);
        }

        packages.Add(new SpdxPackage(null, "cudnn", cudnn.Version)
        {
            Id = "SPDXRef-cudnn",
            Supplier = "Organization: NVIDIA",
            DownloadLocation = cudnn.Url,
            License = CudnnLicense,
            Sha256 = cudnn.Sha256,
        });
        return new SpdxContent(locked.Recipe.Name, locked.Recipe.Image.Tag, locked.SourceDateEpoch, packages)
        {
            Licenses = [new(CudnnLicense, "NVIDIA's licence of cuDNN", "See /usr/share/doc/nvidia-cudnn/LICENSE in the image.", cudnn.License)],
        };
    }
}
