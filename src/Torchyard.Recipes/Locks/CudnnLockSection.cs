using Torchyard.Platform.Toml;

namespace Torchyard.Recipes.Locks;

/// <summary><c>[cudnn]</c>.</summary>
internal sealed class CudnnLockSection() : RedistLockSection<LockedCudnn>("cudnn")
{
    protected override LockedCudnn? In(RecipeLock locked) => locked.Cudnn;

    protected override RecipeLock With(RecipeLock locked, LockedCudnn? archive) => locked with { Cudnn = archive };

    protected override TomlText WriteOwn(TomlText text, LockedCudnn archive) => text.Add("cuda", archive.Cuda);

    protected override LockedCudnn ReadOwn(TomlTableReader found) =>
        new()
        {
            Version = found.RequiredText("version"),
            Cuda = (int)(
                found.Whole("cuda", 1, 999) ?? throw found.Wrong("cuda", "the key 'cuda' is missing", LockReader.Cure, LockCodes.Damaged)
            ),
            Url = LockReader.RequiredAddress(found, "url"),
            Size = LockReader.Required(found, "size"),
            Sha256 = LockReader.RequiredDigest(found, "sha256"),
            License = found.RequiredText("license"),
        };
}
