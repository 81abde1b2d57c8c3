using Torchyard.Images.Capture.Host;
using Torchyard.Images.Capture.Plan;
using Torchyard.Images.Capture.Python;
using Torchyard.Images.Oci;
using Torchyard.Images.Sbom;
using Torchyard.Platform.Digests;

namespace Torchyard.Images.Capture;

/// <summary>The software of a captured image, as dpkg, pip and conda wrote it down on the machine.</summary>
internal static class CapturedSoftware
{
    public static SpdxContent Of(CapturePlan plan, ImageName name, Digest supervisor)
    {
        var system = HostSystem.Read(plan.Request.Base?.Tree ?? plan.Tree);
        var debian = plan.Request.Base is { } on ? HostPackages.Read(on.Tree)?.All ?? [] : plan.Packages;
        List<SpdxPackage> packages =
        [
            .. debian.Select(package =>
                SpdxPackage.Debian(
                    system.Id,
                    package.Name,
                    package.Version,
                    package.Architecture,
                    DebianRelease.Of(system.Id, system.Version, system.CodeName),
                    new SourcePackage(package.Source, package.SourceVersion)
                )
            ),
            .. plan.Software.Select(Distribution),
            SpdxPackage.Supervisor(supervisor),
        ];
        if (OwnInterpreter(plan) is { } interpreter)
        {
            packages.Add(interpreter);
        }

        return new SpdxContent(
            name.Name,
            name.Tag,
            plan.Created,
            [
                .. packages
                    .DistinctBy(package => package.Id)
                    .OrderBy(package => package.Kind, StringComparer.Ordinal)
                    .ThenBy(package => package.Id, StringComparer.Ordinal),
            ]
        )
        {
            Base = plan.Request.Base?.Image.Manifest,
        };
    }

    private static SpdxPackage Distribution(InstalledDistribution distribution) =>
        distribution.Conda is { } conda
            ? SpdxPackage.Conda(distribution.Name, distribution.Version, conda.Build, conda.Platform) with
            {
                DownloadLocation = conda.Url ?? SpdxPackage.Unknown,
                Sha256 = conda.Sha256,
            }
            : SpdxPackage.Python(distribution.Name, distribution.Version);

    /// <summary>An interpreter that came as files: of uv, pyenv or a build of one's own.</summary>
    private static SpdxPackage? OwnInterpreter(CapturePlan plan) =>
        plan.Request.Base is null
        && plan.Environment is { FullVersion: { } version, Kind: not EnvironmentKind.Conda }
        && !plan.Packages.Any(package =>
            package.Name.StartsWith("python3", StringComparison.Ordinal) || package.Name.StartsWith("libpython3", StringComparison.Ordinal)
        )
            ? SpdxPackage.Other("python", version)
            : null;
}
