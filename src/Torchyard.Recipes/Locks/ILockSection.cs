using Torchyard.Platform.Toml;

namespace Torchyard.Recipes.Locks;

/// <summary>What a lock has of one source: its tables, and the versions in them. <see cref="LockSections"/> has the list.</summary>
internal interface ILockSection
{
    /// <summary>Writes its tables; nothing where the lock has none of it.</summary>
    void Write(TomlText text, RecipeLock locked);

    /// <summary>The lock with what its tables say.</summary>
    /// <param name="table">The whole file.</param>
    /// <param name="locked">The lock without it.</param>
    RecipeLock Read(TomlTableReader table, RecipeLock locked);

    /// <summary>The versions that it locks; names are unique in a lock.</summary>
    IEnumerable<LockedVersion> Versions(RecipeLock locked);

    /// <summary>The lock without what a new one must not take over from one that was damaged.</summary>
    RecipeLock Salvaged(RecipeLock locked) => locked;
}
