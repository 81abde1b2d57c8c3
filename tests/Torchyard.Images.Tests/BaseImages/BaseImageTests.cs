using System.Text;
using Torchyard.Images.BaseImages;
using Torchyard.Images.Build;
using Torchyard.Images.Environments;
using Torchyard.Images.Files;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Sbom;
using Torchyard.Images.Sources;
using Torchyard.Images.Store;
using Torchyard.Images.Tar;
using Torchyard.Images.Tests.Oci.Sbom;
using Torchyard.Images.Tests.Sources;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Tests.BaseImages;

/// <summary>An image upon an image.</summary>
public sealed class BaseImageTests : IDisposable
{
    private const string Status = """
        Package: python3
        Status: install ok installed
        Architecture: amd64
        Source: python3-defaults (3.13.5-0)
        Version: 3.13.5-1

        Package: bash
        Status: install ok installed
        Architecture: amd64
        Version: 5.2

        Package: gone
        Status: deinstall ok config-files
        Version: 1

        """;

    private readonly TemporaryStore _store = new();

    public BaseImageTests() => Requires.Root("needs root for owners");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task The_lock_has_what_os_release_and_dpkg_say_through_links_of_the_image_alone()
    {
        var (image, locked) = await BuildBaseAsync();

        Assert.Equal(("debian", "trixie", "amd64"), (locked.Distribution, locked.Suite, locked.Architecture));
        Assert.Equal(image.Manifest, locked.Manifest);
        Assert.Equal(image.DiffIds, locked.Layers.Select(layer => layer.DiffId));
        Assert.Equal(
            [("bash", "5.2", null, null), ("python3", "3.13.5-1", "python3-defaults", "3.13.5-0")],
            locked.Packages.Select(package => (package.Name, package.Version, package.Source, package.SourceVersion))
        );
        // The image's own Python, which programs of it use.
        Assert.Equal(("3.13.5-1", null), (locked.Python, locked.Programs));
        Assert.Contains("A=base", locked.Environment);
    }

    [Fact]
    public async Task An_environment_in_the_search_path_is_the_Python_that_counts()
    {
        var (_, locked) = await BuildBaseAsync(("PATH", "/opt/conda/bin:/usr/bin:/bin"));

        Assert.Equal((null, "/opt/conda/bin"), (locked.Python, locked.Programs));
    }

    [Fact]
    public async Task Its_layers_are_carried_as_they_are_and_its_variables_hold_where_the_recipe_says_nothing()
    {
        var (below, locked) = await BuildBaseAsync();
        var written = Directory
            .GetFiles(Path.Combine(_store.Paths.Oci, "blobs/sha256"))
            .ToDictionary(path => path, File.GetLastWriteTimeUtc);

        var image = await BuildUponAsync(Upon(locked));

        Assert.Equal(below.DiffIds, image.DiffIds.Take(below.DiffIds.Count));
        Assert.Equal(below.Layers, image.Layers.Take(below.Layers.Count));
        Assert.Equal(below.DiffIds.Count + 1, image.DiffIds.Count);
        Assert.All(written, blob => Assert.Equal(blob.Value, File.GetLastWriteTimeUtc(blob.Key)));
        Assert.Contains("A=base", image.Config.Env);
        Assert.Contains("B=recipe", image.Config.Env);
        Assert.Single(image.Config.Env, variable => variable.StartsWith("PATH=", StringComparison.Ordinal));
        Assert.Equal(below.Manifest.ToString(), image.Config.Labels["org.opencontainers.image.base.digest"]);
        Assert.Equal(("1000:1000", "/workspace"), (image.Config.User, image.Config.WorkingDir));
        Assert.Empty(new ImageStore(_store.Paths).Validate(SilentProgress.Instance, Cancellation));
    }

    [Fact]
    public async Task The_same_lock_gives_the_same_digest_also_when_nothing_is_remembered_or_extracted()
    {
        var (_, locked) = await BuildBaseAsync();
        var first = await BuildUponAsync(Upon(locked));
        Directory.Delete(_store.Paths.Build, recursive: true);
        Directory.Delete(_store.Paths.Layers, recursive: true);

        Assert.Equal(first.Manifest, (await BuildUponAsync(Upon(locked))).Manifest);
    }

    [Fact]
    public async Task What_an_image_is_built_on_stays_when_its_name_goes()
    {
        var (below, locked) = await BuildBaseAsync();
        await BuildUponAsync(Upon(locked));
        var store = new ImageStore(_store.Paths);
        await store.RemoveAsync("base", static _ => null, force: true, Cancellation);
        await store.PruneAsync(new HashSet<Digest>(), Cancellation);
        Directory.Delete(_store.Paths.Build, recursive: true);

        Assert.True(store.IsComplete(below.Manifest));
        await BuildUponAsync(Upon(locked) with { SourceDateEpoch = 1_700_000_001 });
    }

    [Fact]
    public async Task A_base_that_is_gone_damaged_or_another_is_refused()
    {
        var (below, locked) = await BuildBaseAsync();
        var layout = new OciLayout(_store.Paths);

        Assert.Equal("TY3061", (await RefusedAsync(locked with { Manifest = Digest.Of("gone"u8) })).Code);
        // A layer of another image, which the manifest does not have.
        Assert.Equal("TY3062", (await RefusedAsync(locked with { Layers = [.. locked.Layers, locked.Layers[0]] })).Code);

        Directory.Delete(_store.Paths.Layers, recursive: true);
        File.Delete(layout.BlobPath(below.Layers[0]));
        var missing = await RefusedAsync(locked);
        Assert.Equal("TY3061", missing.Code);
        Assert.Contains("the base image 'base' of the lock cannot be used", missing.Message, StringComparison.Ordinal);
        Assert.Contains("lock --upgrade", missing.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_bill_of_materials_and_why_have_what_came_with_it()
    {
        var (_, locked) = await BuildBaseAsync();
        var whole = Upon(locked);

        var software = LockedSoftware.Of(whole, LayerSources.ForQuestions.All);

        SpdxRules.Check(SpdxDocument.Write(software, Digest.Of("image"u8)));
        Assert.Contains(software.Packages, package => package.Purl == "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-13");
        Assert.Contains(software.Packages, package => package.Name == "base" && package.Version == locked.Manifest.ToString());
        Assert.Equal("it is installed in base", LayerSources.ForQuestions.Explain(whole, "bash")!.Facts[0]);
        Assert.Equal("the base image", LayerSources.ForQuestions.Explain(whole, "base")!.Title);
    }

    private static RecipeLock Upon(LockedBase locked) =>
        SourceBench.Lock with
        {
            Base = locked,
            Recipe = new Recipe
            {
                Name = "upon",
                Base = new DebianBase { Suite = "", Image = "base" },
                Image = new ImageSettings { Environment = new Dictionary<string, string> { ["B"] = "recipe" } },
            },
        };

    private async Task<TorchyardException> RefusedAsync(LockedBase locked) =>
        await Assert.ThrowsAsync<TorchyardException>(() => BuildUponAsync(Upon(locked)));

    private Task<StoredImage> BuildUponAsync(RecipeLock locked) =>
        new ImageBuilder(
            _store.Paths,
            new NoSandbox(),
            new LayerSources([new BaseSource(), new EnvironmentSource(SourceBench.Supervisor)])
        ).BuildAsync(locked, SilentProgress.Instance, Cancellation);

    private async Task<(StoredImage Image, LockedBase Locked)> BuildBaseAsync(params (string Name, string Value)[] variables)
    {
        var locked = SourceBench.Lock with
        {
            Recipe = SourceBench.Lock.Recipe with
            {
                Name = "base",
                Image = new ImageSettings
                {
                    Environment = variables.Append(("A", "base")).Append(("B", "base")).ToDictionary(one => one.Item1, one => one.Item2),
                },
            },
        };
        var image = await new ImageBuilder(_store.Paths, new NoSandbox(), new LayerSources([new SmallSystem()])).BuildAsync(
            locked,
            SilentProgress.Instance,
            Cancellation
        );
        var layers = await new MountedLayers(_store.Paths).EnsureAsync(image, SilentProgress.Instance, Cancellation);
        return (image, BaseImageReader.Read(_store.Paths, image, layers));
    }

    /// <summary>A system of three files.</summary>
    private sealed class SmallSystem : ILayerSource
    {
        public LayerOrder Order => LayerOrder.System;

        public bool IsIn(RecipeLock locked) => true;

        public Task<IReadOnlyList<LayerPlan>> PlanAsync(LayerContext context)
        {
            var directory = Directory.CreateDirectory(context.NewDirectory("system")).FullName;
            using var root = RootDirectory.Open(directory);
            TarEntry[] entries =
            [
                File("usr/lib/os-release", "ID=debian\nVERSION_CODENAME=\"trixie\"\nNAME='x'\n"),
                File("var/lib/dpkg/status", Status),
                // As Debian has it, with one dot too many: inside the image it leads to the same file.
                Link("etc/os-release", "../../../usr/lib/os-release"),
            ];
            var merged = LayerTree.Merge(entries);
            LayerTree.FinishDirectories(root, merged);
            var packed = LayerPacker.Pack(merged, root, context.Layout, context.Packing.Settings, context.Cancellation);
            var made = new MadeLayer(BuildKey.Of("system", ["1"]), new ImageLayer(packed, "system"), directory, IsCached: false);
            return Task.FromResult<IReadOnlyList<LayerPlan>>([new LayerPlan(_ => Task.FromResult(context.Place(made)))]);

            TarEntry File(string name, string text)
            {
                var content = Encoding.UTF8.GetBytes(text);
                var entry = new TarEntry
                {
                    Name = name,
                    Kind = TarKind.File,
                    Mode = 0x1A4,
                    Size = content.Length,
                    ModifiedAt = 1_600_000_000,
                };
                using var source = new MemoryStream(content);
                root.MakeFile(name, entry.Mode, 0, 0, entry.ModifiedAt, source.Read);
                return entry;
            }

            TarEntry Link(string name, string target)
            {
                root.MakeSymlink(name, target, 0, 0, 1_600_000_000);
                return new TarEntry
                {
                    Name = name,
                    Kind = TarKind.Symlink,
                    Mode = 0x1FF,
                    LinkTarget = target,
                    ModifiedAt = 1_600_000_000,
                };
            }
        }

        public SourceSoftware Software(RecipeLock locked) => new([]);
    }
}
