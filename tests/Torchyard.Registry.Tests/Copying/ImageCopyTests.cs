using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Copying;
using Torchyard.Registry.Pushing;
using Torchyard.Registry.References;
using Torchyard.Testing.Loopback;

namespace Torchyard.Registry.Tests.Copying;

/// <summary><c>torchyard copy SOURCE TARGET</c>: what comes out of any chain of places is what went in.</summary>
public sealed class ImageCopyTests : IDisposable
{
    private const int Large = 300_000;

    private readonly Client _client = new();
    private readonly FakeRegistry _origin = new();
    private readonly FakeRegistry _other = new();

    public void Dispose()
    {
        _origin.Dispose();
        _other.Dispose();
        _client.Dispose();
    }

    [Fact]
    public async Task An_image_goes_through_every_place_and_keeps_its_digest()
    {
        var image = RegistryImage.Add(_origin, "me/mine", "1", Large);
        var places = new[]
        {
            $"{_origin.Name}/me/mine:1",
            $"oci:{At("layout")}:1",
            $"oci-archive:{At("image.tar")}:1",
            "store:mine",
            $"oci:{At("second")}",
            $"{_other.Name}/team/theirs:2",
        };
        foreach (var (from, to) in places.Zip(places.Skip(1)))
        {
            var copied = await CopyAsync(from, to);
            Assert.Equal((image.Digest, image.Digest, 2, 0), (copied.From.ToString(), copied.To.ToString(), copied.Moved, copied.There));
        }

        Assert.Equal(image.Digest, (await _client.PullAsync(_other, "team/theirs:2")).Image.Manifest.ToString());
        var again = await CopyAsync(places[0], places[^1]);
        Assert.Equal((0, 2), (again.Moved, again.There));
    }

    [Fact]
    public async Task What_docker_saves_comes_back_with_its_configuration()
    {
        RegistryImage.Add(_origin, "me/mine", "1", Large, docker: true);
        await CopyAsync($"docker://{_origin.Name}/me/mine:1", $"docker-archive:{At("saved.tar")}:mine:1");
        await CopyAsync($"docker-archive:{At("saved.tar")}", "store:mine");
        await CopyAsync($"docker-archive:{At("saved.tar")}:mine:1", $"{_other.Name}/me/mine:1");
        var pulled = await _client.PullAsync(_other, "me/mine:1");
        Assert.Equal(new Images.Store.ImageStore(_client.Store.Paths).Find("mine").Manifest, pulled.Image.Manifest);
        var failure = await RefusesAsync($"docker-archive:{At("saved.tar")}:other", "store:other");
        Assert.Equal("TY6021", failure.Code);
        Assert.Contains("mine:1", failure.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_gets_dockers_documents_as_they_are_and_a_layout_the_OCIs()
    {
        var image = RegistryImage.Add(_origin, "me/mine", "1", docker: true);
        Assert.Equal(image.Digest, (await CopyAsync($"{_origin.Name}/me/mine:1", $"{_other.Name}/me/mine:1")).To.ToString());
        var copied = await CopyAsync($"{_origin.Name}/me/mine:1", $"oci:{At("layout")}:1");
        Assert.NotEqual(copied.From, copied.To);
        Assert.DoesNotContain(
            "docker",
            await File.ReadAllTextAsync(At($"layout/blobs/sha256/{copied.To.Hex}"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Blobs_of_another_repository_of_the_same_registry_are_not_moved()
    {
        RegistryImage.Add(_origin, "me/mine", "1", Large);
        _origin.Quirks = new RegistryQuirks { Mounts = true };
        var copied = await CopyAsync($"{_origin.Name}/me/mine:1", $"{_origin.Name}/team/theirs:1");
        Assert.Equal((0, 2), (copied.Moved, copied.There));
        Assert.DoesNotContain(_origin.Requests, request =>
            request.StartsWith("PUT", StringComparison.Ordinal) && request.Contains("/blobs/", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_mount_that_no_token_allows_becomes_an_upload()
    {
        // moby/buildkit#2454, oras-project/rust-oci-client#235: what answers 202 wants the bytes.
        RegistryImage.Add(_origin, "me/mine", "1", Large);
        using var registry = new FakeRegistry(new RegistryQuirks { Bearer = ("", "") });
        await CopyAsync($"{_origin.Name}/me/mine:1", $"{registry.Name}/me/mine:1");
        foreach (var blob in registry.Blobs.ToList())
        {
            _origin.Blobs[blob.Key] = blob.Value;
        }

        using var connection = await _client.ConnectAsync(registry, "team/theirs");
        var upload = new BlobUpload(connection, "team/theirs", _client.Layout);
        var blobOf = registry.Blobs.First();
        Assert.False(
            await upload.MountAsync(
                new OciDescriptor
                {
                    MediaType = MediaTypes.LayerGzip,
                    Digest = Digest.Parse(blobOf.Key),
                    Size = blobOf.Value.Length,
                },
                "me/mine",
                TestContext.Current.CancellationToken
            )
        );
        Assert.Contains(registry.Requests, request => request.StartsWith("DELETE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task All_machines_images_come_with_all_and_one_without()
    {
        var (index, amd, arm) = AddIndex();
        Assert.Equal(amd.Digest, (await CopyAsync($"{_origin.Name}/me/mine:both", $"oci:{At("one")}")).To.ToString());
        Assert.Equal(
            arm.Digest,
            (await CopyAsync($"{_origin.Name}/me/mine:both", $"oci:{At("arm")}", platform: "linux/arm64")).To.ToString()
        );
        var copied = await CopyAsync($"{_origin.Name}/me/mine:both", $"oci-archive:{At("all.tar")}", all: true);
        Assert.Equal((index, 3), (copied.To.ToString(), copied.Manifests));
        Assert.Equal(index, (await CopyAsync($"oci-archive:{At("all.tar")}", $"{_other.Name}/x/y:1", all: true)).To.ToString());
        Assert.Equal(arm.Digest, (await _client.PullAsync(_other, "x/y:1", ImagePlatform.Parse("arm64"))).Image.Manifest.ToString());
        Assert.Equal("TY6023", (await RefusesAsync($"{_origin.Name}/me/mine:both", "store:x", all: true)).Code);
    }

    [Fact]
    public async Task Signatures_and_what_else_is_attached_go_along()
    {
        var image = RegistryImage.Add(_origin, "me/mine", "1");
        var signature = RegistryImage.Add(_origin, "me/mine", $"sha256-{image.Digest[7..]}.sig", 500);
        var note =
            """{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.cncf.notary.signature","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"EMPTY","size":2},"layers":[],"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"SUBJECT","size":SIZE}}"""
                .Replace("EMPTY", _origin.AddBlob("{}"u8.ToArray()), StringComparison.Ordinal)
                .Replace("SUBJECT", image.Digest, StringComparison.Ordinal)
                .Replace("SIZE", $"{image.Content.Length}", StringComparison.Ordinal);
        var notation = _origin.AddManifest("me/mine", "note", MediaTypes.Manifest, note);
        _origin.Quirks = new RegistryQuirks { ReferrersStatus = 200 };
        Assert.Equal(0, (await CopyAsync($"{_origin.Name}/me/mine:1", $"{_other.Name}/a/b:1")).Attached);
        Assert.Equal(2, (await CopyAsync($"{_origin.Name}/me/mine:1", $"{_other.Name}/a/b:1", referrers: true)).Attached);
        Assert.Equal(signature.Digest, FakeRegistry.DigestOf(_other.Manifests[$"a/b:sha256-{image.Digest[7..]}.sig"].Content));
        Assert.Contains(
            notation,
            System.Text.Encoding.UTF8.GetString(_other.Manifests[$"a/b:sha256-{image.Digest[7..]}"].Content),
            StringComparison.Ordinal
        );

        Assert.Equal(2, (await CopyAsync($"{_other.Name}/a/b:1", $"oci:{At("signed")}:1", referrers: true)).Attached);
        using var third = new FakeRegistry();
        Assert.Equal(2, (await CopyAsync($"oci:{At("signed")}:1", $"{third.Name}/c/d:1", referrers: true)).Attached);
        Assert.Contains($"c/d@{notation}", third.Manifests.Keys);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_source_that_is_cut_goes_on_where_it_was(bool ignoresRanges)
    {
        var image = RegistryImage.Add(_origin, "me/mine", "1", Large);
        _origin.Quirks = new RegistryQuirks { Cuts = 3, IgnoresRanges = ignoresRanges };
        _other.Quirks = new RegistryQuirks { LargestBody = ignoresRanges ? long.MaxValue : 40_000 };
        Assert.Equal(image.Digest, (await CopyAsync($"{_origin.Name}/me/mine:1", $"{_other.Name}/me/mine:1")).To.ToString());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Bytes_that_are_not_what_they_say_get_a_name_nowhere(int more)
    {
        RegistryImage.Add(_origin, "me/mine", "1", Large);
        _origin.Quirks = new RegistryQuirks
        {
            Alters = (kind, content) =>
                kind != "blob" ? content
                : more > 0 ? [.. content, 0]
                : more < 0 ? content[..^1]
                : [.. content[..^1], (byte)(content[^1] ^ 1)],
        };
        Assert.Equal("TY6008", (await RefusesAsync($"{_origin.Name}/me/mine:1", $"{_other.Name}/me/mine:1")).Code);
        Assert.Equal("TY6008", (await RefusesAsync($"{_origin.Name}/me/mine:1", $"oci:{At("layout")}")).Code);
        Assert.Equal("TY6008", (await RefusesAsync($"{_origin.Name}/me/mine:1", $"oci-archive:{At("a.tar")}")).Code);
        Assert.Empty(_other.Manifests);
        Assert.False(File.Exists(At("layout/index.json")));
        Assert.Empty(Directory.EnumerateFiles(_client.Home, "a.tar*"));
    }

    [Fact]
    public async Task Indexes_in_indexes_have_an_end()
    {
        var content = RegistryImage.Add(_origin, "me/mine", "1").Content;
        var (digest, type) = (FakeRegistry.DigestOf(System.Text.Encoding.UTF8.GetBytes(content)), MediaTypes.Manifest);
        for (var level = 0; level < 8; level++)
        {
            content =
                $$$"""{"schemaVersion":2,"mediaType":"{{{MediaTypes.Index}}}","manifests":[{"mediaType":"{{{type}}}","digest":"{{{digest}}}","size":{{{content.Length}}}}]}""";
            (digest, type) = (_origin.AddManifest("me/mine", $"deep{level}", MediaTypes.Index, content), MediaTypes.Index);
        }

        Assert.Equal("TY6009", (await RefusesAsync($"{_origin.Name}/me/mine:deep7", $"oci:{At("x")}", all: true)).Code);
        Assert.Equal(3, (await CopyAsync($"{_origin.Name}/me/mine:deep1", $"oci:{At("y")}", all: true)).Manifests);
    }

    [Theory]
    [InlineData("oci:", "TY6020")]
    [InlineData("oci-archive::x", "TY6020")]
    [InlineData("store:", "TY6020")]
    [InlineData("https://x/y", "TY6001")]
    [InlineData("oci:/does/not/exist", "TY6021")]
    [InlineData("oci-archive:/does/not/exist", "TY6021")]
    [InlineData("docker-archive:/etc/passwd", "TY6022")]
    public async Task What_cannot_be_a_source_is_said(string from, string code) =>
        Assert.Equal(code, (await RefusesAsync(from, $"oci:{At("x")}")).Code);

    [Fact]
    public async Task A_layout_is_read_as_a_strangers()
    {
        RegistryImage.Add(_origin, "me/mine", "1", Large);
        var copied = await CopyAsync($"{_origin.Name}/me/mine:1", $"oci:{At("layout")}:1");
        var manifest = At($"layout/blobs/sha256/{copied.To.Hex}");
        File.Move(manifest, At("elsewhere"));
        File.CreateSymbolicLink(manifest, At("elsewhere"));
        Assert.NotNull(await RefusesAsync($"oci:{At("layout")}:1", "store:x"));
        Assert.Equal("TY6021", (await RefusesAsync($"oci:{At("layout")}:other", "store:x")).Code);
    }

    private string At(string name) => Path.Combine(_client.Home, name);

    private (string Index, RegistryImage Amd, RegistryImage Arm) AddIndex()
    {
        var amd = RegistryImage.Add(_origin, "me/mine", "amd", 1000);
        var arm = RegistryImage.Add(_origin, "me/mine", "arm", 2000, architecture: "arm64");
        var index = _origin.AddManifest(
            "me/mine",
            "both",
            MediaTypes.Index,
            $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.Index}}","manifests":[{{Entry(amd, "amd64")}},{{Entry(arm, "arm64")}}]}"""
        );
        return (index, amd, arm);

        static string Entry(RegistryImage image, string architecture) =>
            $$$"""{"mediaType":"{{{MediaTypes.Manifest}}}","digest":"{{{image.Digest}}}","size":{{{image.Content.Length}}},"platform":{"architecture":"{{{architecture}}}","os":"linux"}}""";
    }

    private async Task<CopiedImage> CopyAsync(string from, string to, bool all = false, bool referrers = false, string? platform = null) =>
        await new CopyPlaces(
            _client.Store.Paths,
            (image, cancellation) => RegistryConnection.OpenAsync(image.Registry, image.Repository, _client.Settings, null, cancellation),
            _client.Progress
        ).CopyAsync(
            new CopyRequest
            {
                From = CopyPlace.Parse(from, Path.GetFullPath),
                To = CopyPlace.Parse(to, Path.GetFullPath),
                Platform = platform is null ? new ImagePlatform("linux", "amd64", null) : ImagePlatform.Parse(platform),
                All = all,
                Referrers = referrers,
            },
            TestContext.Current.CancellationToken
        );

    private Task<TorchyardException> RefusesAsync(string from, string to, bool all = false) =>
        Assert.ThrowsAnyAsync<TorchyardException>(() => CopyAsync(from, to, all));
}
