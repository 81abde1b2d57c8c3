using Torchyard.Packages.Conda;

namespace Torchyard.Packages.Tests.Conda;

public sealed class CondaSpecTests
{
    [Theory]
    [InlineData("numpy", null, "numpy", "", null)]
    [InlineData("numpy=1.19.2", null, "numpy", "==1.19.2", null)]
    [InlineData("numpy=1.19", null, "numpy", "==1.19.*", null)]
    [InlineData("Numpy = 1.19.*", null, "numpy", "==1.19.*", null)]
    [InlineData("numpy=1.19.2=py38h456fd55_0", null, "numpy", "==1.19.2", "py38h456fd55_0")]
    [InlineData("numpy==1.19.2=py38h456fd55_0", null, "numpy", "==1.19.2", "py38h456fd55_0")]
    [InlineData("numpy 1.8* py27_0", null, "numpy", "==1.8.*", "py27_0")]
    [InlineData("numpy >=1.11,<2", null, "numpy", ">=1.11,<2", null)]
    [InlineData("numpy>= 1.11 , != 1.12", null, "numpy", ">=1.11,!=1.12", null)]
    [InlineData("conda-forge::opencv", "conda-forge", "opencv", "", null)]
    [InlineData("nvidia/label/cuda-11.8.0::cuda-toolkit=11.8", "nvidia/label/cuda-11.8.0", "cuda-toolkit", "==11.8.*", null)]
    [InlineData("conda-forge:bar", "conda-forge", "bar", "", null)]
    [InlineData("numpy[version='>=1.19,<2', channel=defaults]", "defaults", "numpy", ">=1.19,<2", null)]
    [InlineData("_libgcc_mutex=0.1=main", null, "_libgcc_mutex", "==0.1.*", "main")]
    [InlineData("python=*", null, "python", "", null)]
    public void A_specification_is_read_and_its_versions_are_those_of_python(
        string text,
        string? channel,
        string name,
        string versions,
        string? build
    )
    {
        Assert.True(CondaSpec.TryParse(text, out var read), text);
        Assert.Equal((channel, name, versions, build), (read.Channel, read.Name, read.PythonVersions(), read.Build));
    }

    [Theory]
    [InlineData("numpy=1.19|1.20")]
    [InlineData("openssl=1.1.1k")]
    public void Versions_that_are_not_one_range_are_not_guessed(string text)
    {
        Assert.True(CondaSpec.TryParse(text, out var read));
        Assert.Null(read.PythonVersions());
    }

    [Theory]
    [InlineData("")]
    [InlineData("-c conda-forge")]
    [InlineData("numpy[md5=abc]")]
    [InlineData("a\"\nb = 1")]
    public void What_is_not_a_specification_is_refused(string text) => Assert.False(CondaSpec.TryParse(text, out _));

    [Theory]
    [InlineData("pytorch", CondaKind.Python, "torch")]
    [InlineData("opencv", CondaKind.Python, "opencv-python")]
    [InlineData("ffmpeg", CondaKind.Debian, "ffmpeg")]
    [InlineData("gxx_linux-64", CondaKind.Debian, "g++ libc6-dev")]
    [InlineData("libxml2", CondaKind.NotNeeded, "")]
    [InlineData("r-ggplot2", CondaKind.Unknown, "")]
    [InlineData("pytorch-cuda", CondaKind.Cuda, "")]
    [InlineData("some-package", CondaKind.Python, "some-package")]
    public void Names_are_those_of_python_and_debian(string name, CondaKind kind, string names)
    {
        var found = CondaNames.Find(name);
        Assert.Equal((kind, names), (found.Kind, string.Join(' ', found.Names)));
        Assert.Equal(name != "some-package", found.IsListed);
    }
}
