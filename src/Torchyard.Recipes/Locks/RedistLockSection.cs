using Torchyard.Platform.Toml;

namespace Torchyard.Recipes.Locks;

/// <summary>A table of one archive of NVIDIA's redistributable indexes.</summary>
/// <param name="table">Name of the table.</param>
internal abstract class RedistLockSection<T>(string table) : ILockSection
    where T : LockedRedist
{
    public void Write(TomlText text, RecipeLock locked)
    {
        if (In(locked) is { } archive)
        {
            WriteOwn(text.Header(table).Add("version", archive.Version), archive)
                .Add("url", archive.Url)
                .Add("size", archive.Size)
                .Add("sha256", archive.Sha256.Hex)
                .Add("license", archive.License);
        }
    }

    public RecipeLock Read(TomlTableReader file, RecipeLock locked)
    {
        if (file.Table(table) is not { } found)
        {
            return locked;
        }

        var archive = ReadOwn(found);
        found.Finish();
        return With(locked, archive);
    }

    public IEnumerable<LockedVersion> Versions(RecipeLock locked) =>
        // NVIDIA's indexes and mirrors of them are signed by nobody.
        In(locked) is { } archive
            ? [new LockedVersion($"{table} (NVIDIA)", archive.Version) { Sha256 = archive.Sha256 }]
            : [];

    public RecipeLock Salvaged(RecipeLock locked) => With(locked, null);

    /// <summary>What the lock has of it.</summary>
    protected abstract T? In(RecipeLock locked);

    /// <summary>The lock with it, or without.</summary>
    protected abstract RecipeLock With(RecipeLock locked, T? archive);

    /// <summary>Writes what other archives do not have.</summary>
    protected abstract TomlText WriteOwn(TomlText text, T archive);

    /// <summary>Reads the table; the caller finishes it.</summary>
    protected abstract T ReadOwn(TomlTableReader found);
}
