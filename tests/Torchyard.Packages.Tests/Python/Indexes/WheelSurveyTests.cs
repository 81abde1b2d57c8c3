using Torchyard.Packages.Python.Indexes;

namespace Torchyard.Packages.Tests.Python.Indexes;

public sealed class WheelSurveyTests
{
    [Theory]
    [InlineData("torch-2.9.1+cu128-cp313-cp313t-manylinux_2_28_x86_64.whl", "2.9.1 cu128 3.13t x86_64 28")]
    [InlineData("torch-2.7.1+cu128-cp312-cp312-manylinux_2_28_aarch64.whl", "2.7.1 cu128 3.12 aarch64 28")]
    [InlineData("torch-2.6.0+cu124-cp311-cp311-linux_x86_64.whl", "2.6.0 cu124 3.11 x86_64 ")]
    [InlineData("torch-2.5.1-cp312-cp312-manylinux1_x86_64.whl", "2.5.1  3.12 x86_64 ")]
    [InlineData("torch-2.5.1-cp310-cp310-manylinux2014_aarch64.whl", "2.5.1  3.10 aarch64 17")]
    [InlineData("torch-2.14.1-cp314-cp314-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "2.14.1  3.14 x86_64 17")]
    public void A_name_says_release_build_interpreter_architecture_and_glibc(string filename, string expected)
    {
        var wheel = Assert.Single(Read(filename).Wheels);
        Assert.Equal(expected, $"{wheel.Release} {wheel.Local} {wheel.Python} {wheel.Architecture} {wheel.GlibcMinor}");
    }

    [Theory]
    [InlineData("torch-2.9.1+cu128-cp313-cp313-win_amd64.whl")]
    [InlineData("torch-2.9.1-cp313-none-macosx_11_0_arm64.whl")]
    [InlineData("torch-2.15.0.dev20261101+cu130-cp313-cp313-manylinux_2_28_x86_64.whl")]
    [InlineData("torch-2.9.1-variants.json")]
    [InlineData("torch-2.9.1.tar.gz")]
    public void What_is_no_release_for_CPython_on_Linux_is_left_out(string filename)
    {
        var listing = Read(filename);
        Assert.Empty(listing.Wheels);
        Assert.Equal(0, listing.Variants);
    }

    [Theory]
    [InlineData("torch-2.8.0-cp312-cp312-manylinux_2_28_x86_64-cu128.whl")]
    [InlineData("torch-2.8.0-1-cp312-cp312-manylinux_2_28_x86_64-00000000.whl")]
    [InlineData("numpy-2.3.0-cp313-cp313-manylinux_2_27_x86_64.manylinux_2_28_x86_64-x86_64_v3.whl")]
    public void A_wheel_with_a_variant_label_is_counted_and_never_mistaken(string filename)
    {
        var listing = Read(filename);
        Assert.Empty(listing.Wheels);
        Assert.Equal(1, listing.Variants);
    }

    [Fact]
    public void What_was_taken_back_is_said() =>
        Assert.True(
            Assert
                .Single(WheelSurvey.Read([File("torch-2.9.1+cpu-cp313-cp313-manylinux_2_28_x86_64.whl") with { Yanked = "broken" }]).Wheels)
                .IsYanked
        );

    private static WheelListing Read(string filename) => WheelSurvey.Read([File(filename)]);

    private static ProjectFile File(string filename) =>
        new() { Filename = filename, Url = new Uri("https://index.test/files/" + Uri.EscapeDataString(filename)) };
}
