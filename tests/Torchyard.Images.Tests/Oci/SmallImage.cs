using Torchyard.Images.Build;
using Torchyard.Images.Files;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Sources;
using Torchyard.Images.Store;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Linux;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Tests.Oci;

/// <summary>An image of two small layers in a temporary store, made by the program's own code.</summary>
internal static class SmallImage
{
    public static async Task<StoredImage> AddAsync(
        TemporaryStore store,
        string name,
        LayerCompression compression = LayerCompression.Zstd,
        string text = "one"
    )
    {
        var cancellation = TestContext.Current.CancellationToken;
        var layout = new OciLayout(store.Paths);
        layout.Initialise();
        var settings = new ImageSettings { Compression = compression };
        var layers = new List<ImageLayer>();
        foreach (var (content, number) in new[] { text, "two" }.Select((content, number) => (content, number)))
        {
            var directory = Path.Combine(store.Paths.Temporary, Guid.NewGuid().ToString("N"));
            Directory.CreateDirectory(Path.Combine(directory, "usr/share"));
            File.WriteAllText(Path.Combine(directory, $"usr/share/{number}"), content);
            File.CreateSymbolicLink(Path.Combine(directory, $"usr/link{number}"), $"share/{number}");
            if (number == 0)
            {
                File.WriteAllText(Path.Combine(directory, "usr/share/gone"), "hidden by the second layer");
                File.SetUnixFileMode(Path.Combine(directory, "usr/share/gone"), (UnixFileMode)0x9ED);
            }
            else
            {
                using var root = RootDirectory.Open(directory);
                root.MakeNode("usr/share/gone", FileKind.Character, 0, 0, 0, 0, 0, 0);
            }

            var entries = OverlayTree.List(directory, 1_700_000_000, 0);
            OverlayTree.Settle(directory, entries);
            using var source = RootDirectory.Open(directory);
            var packed = LayerPacker.Pack(entries, source, layout, settings, cancellation);
            new LayerCache(store.Paths, layout).Add(Digest.Of(System.Text.Encoding.UTF8.GetBytes(content)), packed, directory);
            layers.Add(new ImageLayer(packed, "layer " + content));
        }

        var locked = new RecipeLock
        {
            RecipeDigest = Digest.Of("recipe"u8),
            Recipe = new Recipe
            {
                Name = "small",
                Base = new DebianBase { Suite = "trixie" },
                Image = settings,
            },
            SourceDateEpoch = 1_700_000_000,
            Archives = [],
            Packages = [Deb.DebBuilder.Locked("libstdc++6", [1])],
            Tools = new LockedTools(1, Digest.Of("supervisor"u8), "none"),
        };
        var manifest = ImageWriter.Write(layout, locked, layers);
        await ImageWriter.AttachAsync(layout, LockedSoftware.Of(locked, LayerSources.ForQuestions.All), locked, manifest, cancellation);
        return await new ImageStore(store.Paths).NameAsync(manifest, name, cancellation);
    }
}
