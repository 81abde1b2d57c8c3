using System.Diagnostics;
using Torchyard.Images.Build;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Streams;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Tests.Layers;

/// <summary>
/// The mounted form of layers that other tools wrote: tars in another order, with other headers, without the entries of parents.
/// </summary>
public sealed class LayerComparisonTests : IDisposable
{
    private readonly TemporaryStore _store = new();
    private readonly TemporaryDirectory _tree = new();

    public LayerComparisonTests() => Requires.Root("needs root for owners");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _store.Dispose();
        _tree.Dispose();
    }

    [Theory]
    [InlineData("--format=gnu", "./")]
    [InlineData("--format=pax", "./")]
    [InlineData("--format=pax --sort=name", "usr etc")]
    [InlineData("--format=ustar", "usr/share/doc/deep/file usr/bin/tool usr/bin/again usr/link etc")]
    [InlineData("--format=gnu --absolute-names --transform=s,^\\./,/,", "./")]
    [InlineData("--format=gnu", "usr etc --no-recursion usr usr/share")]
    public async Task A_layer_of_another_tool_is_sound(string options, string names)
    {
        var image = await AddAsync(options, names);

        await new MountedLayers(_store.Paths).EnsureAsync(image, SilentProgress.Instance, Cancellation);

        Assert.Empty(Validate());
    }

    [Theory]
    [InlineData("echo changed >usr/share/doc/deep/file", "/usr/share/doc/deep/file")]
    [InlineData("printf 'content\\n' >x && mv x usr/share/doc/deep/file", "/usr/share/doc/deep/file")]
    [InlineData("chmod 700 usr/bin/tool", "/usr/bin/")]
    [InlineData("chmod 700 etc", "/etc")]
    [InlineData("chown 7 usr/bin/tool", "/usr/bin/")]
    [InlineData("touch usr/bin/tool", "/usr/bin/")]
    [InlineData("touch usr/bin/more", "/usr/bin/more")]
    [InlineData("mkdir srv", "/srv")]
    [InlineData("ln usr/bin/tool usr/bin/third", "/usr/bin/")]
    [InlineData("rm usr/bin/again", "/usr/bin/")]
    [InlineData("ln -sfn elsewhere usr/link", "/usr/link")]
    [InlineData("rm -r etc", "/etc")]
    [InlineData("mknod etc/hidden c 0 0", "/etc/hidden")]
    [InlineData("setfattr -n user.mark -v x usr/bin/tool", "/usr/bin/")]
    public async Task A_change_of_its_mounted_form_is_found(string change, string where)
    {
        var image = await AddAsync("--format=gnu", "./");
        await new MountedLayers(_store.Paths).EnsureAsync(image, SilentProgress.Instance, Cancellation);
        Run(Path.Combine(_store.Paths.Layers, image.DiffIds[0].Hex), change);

        var problem = Assert.Single(Validate());

        Assert.Equal((StoreProblemKind.MountedLayer, image.DiffIds[0]), (problem.Kind, problem.Digest!.Value));
        Assert.Contains($"changed at {where}", problem.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_blob_says_nothing_against_the_mounted_form()
    {
        var image = await AddAsync("--format=gnu", "./");
        await new MountedLayers(_store.Paths).EnsureAsync(image, SilentProgress.Instance, Cancellation);
        var blob = new OciLayout(_store.Paths).BlobPath(image.Layers[0]);
        var content = File.ReadAllBytes(blob);
        content[content.Length / 2] ^= 1;
        File.WriteAllBytes(blob, content);

        Assert.All(Validate(), problem => Assert.Equal(StoreProblemKind.Blob, problem.Kind));
    }

    [Fact]
    public async Task Parents_that_a_tar_leaves_out_have_one_mode_whatever_the_umask()
    {
        var image = await AddAsync("--format=gnu", "usr/share/doc/deep/file");
        var mask = ModeCalls.SetMask(0x3F);
        try
        {
            await new MountedLayers(_store.Paths).EnsureAsync(image, SilentProgress.Instance, Cancellation);
        }
        finally
        {
            _ = ModeCalls.SetMask(mask);
        }

        Assert.Equal((UnixFileMode)0x1ED, File.GetUnixFileMode(Path.Combine(_store.Paths.Layers, image.DiffIds[0].Hex, "usr/share/doc")));
        Assert.Empty(Validate());
    }

    [Fact]
    public async Task Attributes_of_users_are_in_the_mounted_form_and_those_that_change_an_overlay_are_not()
    {
        var image = await AddAsync(
            "--format=pax --xattrs --xattrs-include=*",
            "./",
            "setfattr -n user.mark -v x usr/bin/tool; setfattr -n trusted.overlay.redirect -v /etc usr/share; setfattr -n "
                + "user.overlay.opaque -v y etc"
        );
        await new MountedLayers(_store.Paths).EnsureAsync(image, SilentProgress.Instance, Cancellation);

        var mounted = Path.Combine(_store.Paths.Layers, image.DiffIds[0].Hex);
        Assert.Equal("x"u8.ToArray(), XattrCalls.Value(mounted + "/usr/bin/tool", "user.mark"));
        Assert.Null(XattrCalls.Value(mounted + "/usr/share", "trusted.overlay.redirect"));
        Assert.Null(XattrCalls.Value(mounted + "/etc", "user.overlay.opaque"));
        Assert.Empty(Validate());
    }

    private IReadOnlyList<StoreProblem> Validate() => new ImageStore(_store.Paths).Validate(SilentProgress.Instance, Cancellation);

    /// <summary>An image of one layer, packed by tar.</summary>
    private async Task<StoredImage> AddAsync(string options, string names, string also = "true")
    {
        Run(
            _tree.Path,
            $"""
            umask 022
            mkdir -p usr/share/doc/deep usr/bin etc
            printf 'content\n' >usr/share/doc/deep/file
            printf tool >usr/bin/tool
            chmod 4755 usr/bin/tool
            ln usr/bin/tool usr/bin/again
            ln -s share/doc usr/link
            touch etc/.wh.gone
            chmod 2775 etc
            chown 3:4 etc
            find . -exec touch -h -d @1600000000.5 '{"{}"}' +
            {also}
            tar {options} -cf ../{Path.GetFileName(_tree.Path)}.tar {names}
            """
        );
        var tar = _tree.Path + ".tar";
        var layout = new OciLayout(_store.Paths);
        layout.Initialise();
        PackedLayer packed;
        using (var blob = layout.BeginBlob())
        using (var hash = new HashingStream(blob))
        {
            using (var file = File.OpenRead(tar))
            {
                await file.CopyToAsync(hash, Cancellation);
            }

            var (digest, size) = blob.Commit();
            packed = new PackedLayer
            {
                DiffId = hash.Finish(),
                Blob = digest,
                Size = size,
                UncompressedSize = size,
                MediaType = "application/vnd.oci.image.layer.v1.tar",
            };
        }

        File.Delete(tar);
        var locked = new RecipeLock
        {
            RecipeDigest = Digest.Of("recipe"u8),
            Recipe = new Recipe
            {
                Name = "foreign",
                Base = new DebianBase { Suite = "trixie" },
            },
            SourceDateEpoch = 1_700_000_000,
            Archives = [],
            Packages = [],
            Tools = new LockedTools(1, Digest.Of("supervisor"u8), "none"),
        };
        var manifest = ImageWriter.Write(layout, locked, [new ImageLayer(packed, "of another tool")]);
        return await new ImageStore(_store.Paths).NameAsync(manifest, "foreign", Cancellation);
    }

    private static void Run(string directory, string script)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-ec", script]) { WorkingDirectory = directory })!;
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
