using System.Globalization;
using System.Text;
using CsCheck;
using Torchyard.Packages.Nvidia;

namespace Torchyard.Packages.Tests.Redist;

public sealed class RedistManifestTests
{
    [Theory]
    [InlineData(
        Manifests.Release900,
        "9.0.0.312",
        "linux-x86_64",
        12,
        "d3890e609d6530ee5b88ff95b60c8e6b1c1ec7fa966ec533925f20f896fcc630",
        884762828
    )]
    [InlineData(
        Manifests.Release900,
        "9.0.0.312",
        "linux-x86_64",
        11,
        "52fa7088deb25d4555e37996b3d767e61d5d4397b7d45cce50bfc54cd8608a63",
        878943764
    )]
    [InlineData(
        Manifests.Release900,
        "9.0.0.312",
        "linux-aarch64",
        12,
        "38552583ebb8de96e83c9e6ec70d050254d8dc635ba47098d171ab3cc78b14f4",
        904793708
    )]
    [InlineData(
        Manifests.Release897,
        "8.9.7.29",
        "linux-x86_64",
        12,
        "475333625c7e42a7af3ca0b2f7506a106e30c93b1aa0081cd9c13efb6e21e3bb",
        864984964
    )]
    public void The_archive_of_a_platform_and_a_cuda(string manifest, string version, string platform, int cuda, string hash, long size)
    {
        var found = RedistManifest.Find(Encoding.UTF8.GetBytes(manifest), Cudnn(version, platform, cuda), out _)!;
        Assert.Equal((hash, size, "cudnn/LICENSE.txt"), (found.Sha256.Hex, found.Size, found.LicensePath));
        Assert.Equal($"cudnn/{platform}/cudnn-{platform}-{version}_cuda{cuda}-archive.tar.xz", found.Path);
    }

    [Theory]
    [InlineData("9.0.0.313", "linux-x86_64", 12, "", "", "it is for cuDNN 9.0.0.312")]
    [InlineData("9.0.0.312", "linux-riscv64", 12, "", "", "nothing of cuDNN for linux-riscv64")]
    [InlineData("9.0.0.312", "linux-x86_64", 13, "", "", "nothing of cuDNN for CUDA 13")]
    [InlineData(
        "9.0.0.312",
        "linux-x86_64",
        12,
        "cudnn/linux-x86_64/cudnn-linux-x86_64-9.0.0.312_cuda12",
        "../../etc/cudnn_cuda12",
        "not one of an archive below"
    )]
    [InlineData(
        "9.0.0.312",
        "linux-x86_64",
        12,
        "cudnn/linux-x86_64/cudnn-linux-x86_64-9.0.0.312_cuda12",
        "/etc/cudnn_cuda12",
        "not one of an archive below"
    )]
    [InlineData("9.0.0.312", "linux-x86_64", 12, "d3890e609d6530ee", "D3890E609D6530EE", "no SHA-256")]
    [InlineData("9.0.0.312", "linux-x86_64", 12, "\"884762828\"", "\"-1\"", "no size")]
    [InlineData("9.0.0.312", "linux-x86_64", 12, "\"884762828\"", "1e99", "no size")]
    [InlineData("9.0.0.312", "linux-x86_64", 12, "\"cudnn\": {", "\"cudnn\": 5, \"x\": {", "no cuDNN")]
    [InlineData("9.0.0.312", "linux-x86_64", 12, "{", "", "not JSON")]
    public void What_is_not_there_or_wrong_is_named(string version, string platform, int cuda, string from, string to, string problem)
    {
        var manifest = from.Length == 0 ? Manifests.Release900 : Manifests.Release900.Replace(from, to, StringComparison.Ordinal);
        Assert.Null(RedistManifest.Find(Encoding.UTF8.GetBytes(manifest), Cudnn(version, platform, cuda), out var found));
        Assert.Contains(problem, found, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_bytes_come_nothing_is_thrown()
    {
        var manifest = Encoding.UTF8.GetBytes(Manifests.Release900);
        Gen.Select(Gen.Int[0, manifest.Length - 1], Gen.Byte, Gen.Int[0, manifest.Length])
            .Sample(
                (at, value, length) =>
                {
                    var spoiled = manifest.ToArray();
                    spoiled[at] = value;
                    var found = RedistManifest.Find(spoiled.AsMemory(0, length), Cudnn("9.0.0.312", "linux-x86_64", 12), out var problem);
                    Assert.True(found is null ? problem.Length > 0 : found.Size > 0);
                }
            );
    }

    [Theory]
    [InlineData(
        Manifests.Cuda1311,
        "cuda_compat",
        "linux-x86_64",
        "13.1",
        "590.48.01",
        "cuda_compat/linux-x86_64/cuda_compat-linux-x86_64-590.48.01_cuda13.1-archive.tar.xz",
        95258812
    )]
    [InlineData(
        Manifests.Cuda1311,
        "cuda_compat",
        "linux-sbsa",
        "13.1",
        "590.48.01",
        "cuda_compat/linux-sbsa/cuda_compat-linux-sbsa-590.48.01_cuda13.1-archive.tar.xz",
        87054752
    )]
    [InlineData(
        Manifests.Cuda1303,
        "nvidia_driver",
        "linux-x86_64",
        null,
        "580.126.20",
        "nvidia_driver/linux-x86_64/nvidia_driver-linux-x86_64-580.126.20-archive.tar.xz",
        492770800
    )]
    public void The_forward_compatibility_libraries_and_the_driver_of_cudas_manifests(
        string manifest,
        string component,
        string platform,
        string? cuda,
        string version,
        string path,
        long size
    )
    {
        var found = RedistManifest.Find(
            Encoding.UTF8.GetBytes(manifest),
            new RedistQuery(component, component, platform) { Cuda = cuda },
            out _
        )!;
        Assert.Equal((version, path, size, $"{component}/LICENSE.txt"), (found.Version, found.Path, found.Size, found.LicensePath));
    }

    [Theory]
    [InlineData(Manifests.Cuda1303, "cuda_compat", "linux-x86_64", "13.0", "it has no cuda_compat")]
    [InlineData(Manifests.Cuda1291, "cuda_compat", "linux-x86_64", "12.9", "nothing of cuda_compat for linux-x86_64")]
    [InlineData(Manifests.Cuda1291, "cuda_compat", "linux-aarch64", "12.9", "nothing of cuda_compat for CUDA 12.9")]
    [InlineData(Manifests.Cuda1311, "cuda_compat", "linux-x86_64", "13.0", "nothing of cuda_compat for CUDA 13.0")]
    public void Jetsons_libraries_and_those_of_other_releases_are_not_taken(
        string manifest,
        string component,
        string platform,
        string cuda,
        string problem
    )
    {
        Assert.Null(
            RedistManifest.Find(
                Encoding.UTF8.GetBytes(manifest),
                new RedistQuery(component, component, platform) { Cuda = cuda },
                out var found
            )
        );
        Assert.Contains(problem, found, StringComparison.Ordinal);
    }

    private static RedistQuery Cudnn(string version, string platform, int cuda) =>
        new("cudnn", "cuDNN", platform) { Version = version, Cuda = cuda.ToString(CultureInfo.InvariantCulture) };
}
