using Torchyard.Platform.Toml;

namespace Torchyard.Recipes.Locks;

/// <summary><c>[base-image]</c>, <c>[[base-layer]]</c> and <c>[[base-package]]</c>: the image that is built on.</summary>
internal sealed class BaseLockSection : ILockSection
{
    private const string Table = "base-image";
    private const string Layer = "base-layer";
    private const string Package = "base-package";

    public void Write(TomlText text, RecipeLock locked)
    {
        if (locked.Base is not { } image)
        {
            return;
        }

        text.Header(Table)
            .Add("manifest", image.Manifest.ToString())
            .Add("architecture", image.Architecture)
            .Add("distribution", image.Distribution)
            .Add("suite", image.Suite)
            .Add("python", image.Python)
            .Add("programs", image.Programs)
            .Add("environment", image.Environment)
            .Add("ports", image.Ports)
            .Add("volumes", image.Volumes);
        foreach (var layer in image.Layers)
        {
            text.ArrayHeader(Layer)
                .Add("digest", layer.Digest.ToString())
                .Add("diff-id", layer.DiffId.ToString())
                .Add("size", layer.Size)
                .Add("media-type", layer.MediaType);
        }

        foreach (var package in image.Packages)
        {
            text.ArrayHeader(Package)
                .Add("name", package.Name)
                .Add("version", package.Version)
                .Add("architecture", package.Architecture)
                .Add("source", package.Source)
                .Add("source-version", package.SourceVersion);
        }
    }

    public RecipeLock Read(TomlTableReader table, RecipeLock locked)
    {
        var image = table.Table(Table);
        var layers = table.Tables(Layer).Select(ReadLayer).ToList();
        var packages = table.Tables(Package).Select(ReadPackage).ToList();
        if ((image is null) != (locked.Recipe.Base.Image is null) || (image is null && layers.Count + packages.Count > 0))
        {
            throw table.Wrong(Table, $"the recipe of the lock and its table [{Table}] do not agree", LockReader.Cure, LockCodes.Damaged);
        }

        if (image is null)
        {
            return locked;
        }

        var result = new LockedBase
        {
            Manifest = LockReader.RequiredDigest(image, "manifest"),
            Architecture = image.RequiredText("architecture"),
            Distribution = image.Text("distribution"),
            Suite = image.Text("suite"),
            Python = image.Text("python"),
            Programs = image.Text("programs"),
            Environment = image.Texts("environment") ?? [],
            Ports = image.Texts("ports") ?? [],
            Volumes = image.Texts("volumes") ?? [],
            Layers = layers,
            Packages = packages,
        };
        image.Finish();
        return locked with { Base = result };
    }

    public IEnumerable<LockedVersion> Versions(RecipeLock locked) =>
        locked.Base is { } image
            ? [new LockedVersion($"{locked.Recipe.Base.Image} (base image)", $"sha256:{image.Manifest.Hex[..12]}")]
            : [];

    private static LockedBaseLayer ReadLayer(TomlTableReader table)
    {
        var layer = new LockedBaseLayer(
            LockReader.RequiredDigest(table, "digest"),
            LockReader.RequiredDigest(table, "diff-id"),
            LockReader.Required(table, "size"),
            table.RequiredText("media-type")
        );
        table.Finish();
        return layer;
    }

    private static LockedBasePackage ReadPackage(TomlTableReader table)
    {
        var package = new LockedBasePackage
        {
            Name = table.RequiredText("name"),
            Version = table.RequiredText("version"),
            Architecture = table.RequiredText("architecture"),
            Source = table.Text("source"),
            SourceVersion = table.Text("source-version"),
        };
        table.Finish();
        return package;
    }
}
