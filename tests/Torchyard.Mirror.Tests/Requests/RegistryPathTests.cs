using CsCheck;
using Torchyard.Mirror.Requests;

namespace Torchyard.Mirror.Tests.Requests;

public sealed class RegistryPathTests
{
    [Theory]
    [InlineData("/v2/", "Base", "", "")]
    [InlineData("/v2", "Base", "", "")]
    [InlineData("/v2/_catalog", "Catalog", "", "")]
    [InlineData("/v2/a/b/tags/list", "Tags", "a/b", "")]
    [InlineData("/v2/a/manifests/1.0", "Manifest", "a", "1.0")]
    [InlineData("/v2/manifests/manifests/manifests", "Manifest", "manifests", "manifests")]
    [InlineData("/v2/a/blobs/sha256:00", "Blob", "a", "sha256:00")]
    [InlineData("/v2/a/blobs/sha256%3A00", "Blob", "a", "sha256:00")]
    [InlineData("/v2/a/blobs/uploads/", "Uploads", "a", "")]
    [InlineData("/v2/a/blobs/uploads", "Uploads", "a", "")]
    [InlineData("/v2/a/blobs/uploads/1f", "Upload", "a", "1f")]
    [InlineData("/v2/a/referrers/sha512:00", "Referrers", "a", "sha512:00")]
    [InlineData("/v1/a/manifests/x", "None", "", "")]
    [InlineData("/v2/a", "None", "", "")]
    [InlineData("/v2/a/manifests/%00", "None", "", "")]
    [InlineData("/v2/a/manifests/%2", "None", "", "")]
    [InlineData("/v2/a/manifests/%252e", "None", "", "")]
    [InlineData("/v2/a\\b/manifests/x", "None", "", "")]
    public void A_path_is_read(string target, string endpoint, string repository, string reference)
    {
        var path = RegistryPath.Parse(target);

        Assert.Equal((endpoint, repository, reference), (path.Endpoint.ToString(), path.Repository ?? "", path.Reference ?? ""));
    }

    [Theory]
    [InlineData("../../etc")]
    [InlineData("a/../b")]
    [InlineData("a//b")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a/_manifests")]
    [InlineData(".a")]
    [InlineData("A")]
    [InlineData("a.")]
    [InlineData("a\n")]
    [InlineData("")]
    public void What_could_leave_its_directory_is_not_the_name_of_a_repository(string name) => Assert.False(Names.IsRepository(name));

    [Theory]
    [InlineData("a")]
    [InlineData("docker.io/library/debian")]
    [InlineData("a__b/c--d/e.f_g")]
    public void Names_of_the_specification_are_taken(string name) => Assert.True(Names.IsRepository(name));

    [Fact]
    public void A_name_of_256_characters_is_refused() => Assert.False(Names.IsRepository(new string('a', 256)));

    /// <summary>Whatever is sent: reading ends, and what passes as a name stays below its directory.</summary>
    [Fact]
    public void No_path_leads_out_of_the_directory() =>
        Gen.OneOf(
                Gen.String[Gen.Char["/.-_a%2eEfF:@\\\0 é0"], 0, 40].Select(text => "/v2/" + text),
                Gen.String.Select(text => "/v2/" + text + "/manifests/x")
            )
            .Sample(target =>
            {
                var path = RegistryPath.Parse(target);
                if (path.Repository is { Length: > 0 } name && Names.IsRepository(name))
                {
                    Assert.StartsWith("/root/", Path.GetFullPath(Path.Combine("/root", name, "_tags")), StringComparison.Ordinal);
                    Assert.DoesNotContain("/_", "/" + name, StringComparison.Ordinal);
                }
            });
}
