using Torchyard.Recipes;

namespace Torchyard.Images.Oci.Sbom;

/// <summary>The software of an image that was built from a lock.</summary>
internal static class LockedSoftware
{
    private const string CudnnLicense = "LicenseRef-NVIDIA-cuDNN";
    private const string CudaCompatLicense = "LicenseRef-NVIDIA-cuda-compat";

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
        var licenses = new List<SpdxLicense>();
        if (locked.Cudnn is { } cudnn)
        {
            packages.Add(Nvidia("cudnn", cudnn, CudnnLicense));
            licenses.Add(new(CudnnLicense, "NVIDIA's licence of cuDNN", "See /usr/share/doc/nvidia-cudnn/LICENSE in the image.", cudnn.License));
        }

        if (locked.CudaCompat is { } compat)
        {
            packages.Add(Nvidia("cuda-compat", compat, CudaCompatLicense));
            licenses.Add(new(CudaCompatLicense, "NVIDIA's licence of cuda-compat", "See /usr/share/doc/cuda-compat/LICENSE in the image.", compat.License));
        }

        return new SpdxContent(locked.Recipe.Name, locked.Recipe.Image.Tag, locked.SourceDateEpoch, packages) { Licenses = licenses };
    }

    private static SpdxPackage Nvidia(string name, LockedRedist archive, string license) => new(null, name, archive.Version)
    {
        Id = "SPDXRef-" + name,
        Supplier = "Organization: NVIDIA",
        DownloadLocation = archive.Url,
        License = license,
        Sha256 = archive.Sha256,
    };
}
