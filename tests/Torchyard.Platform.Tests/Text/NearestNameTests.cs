using CsCheck;
using Torchyard.Platform.Text;

namespace Torchyard.Platform.Tests.Text;

public sealed class NearestNameTests
{
    private static readonly string[] Keys = ["packages", "services", "mounts", "limits", "image", "name"];

    [Theory]
    [InlineData("packges", "packages")]
    [InlineData("Packages", "packages")]
    [InlineData("pakcages", "packages")]
    [InlineData("mount", "mounts")]
    [InlineData("nmae", "name")]
    [InlineData("gpu", null)]
    public void Finds_the_likely_key_or_none(string typed, string? meant) => Assert.Equal(meant, NearestName.Find(typed, Keys));

    [Fact]
    public void Distance_is_symmetric_and_zero_only_for_equal_texts() =>
        Gen.Select(Gen.String[Gen.Char['a', 'd'], 0, 8], Gen.String[Gen.Char['a', 'd'], 0, 8])
            .Sample(
                (a, b) =>
                {
                    Assert.Equal(NearestName.Distance(a, b), NearestName.Distance(b, a));
                    Assert.Equal(a == b, NearestName.Distance(a, b) == 0);
                }
            );
}
