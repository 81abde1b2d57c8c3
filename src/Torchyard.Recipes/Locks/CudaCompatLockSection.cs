using Torchyard.Platform.Toml;

namespace Torchyard.Recipes.Locks;

/// <summary><c>[cuda-compat]</c>.</summary>
internal sealed class CudaCompatLockSection() : RedistLockSection<LockedCudaCompat>("cuda-compat")
{
    protected override LockedCudaCompat? In(RecipeLock locked) => locked.CudaCompat;

    protected override RecipeLock With(RecipeLock locked, LockedCudaCompat? archive) => locked with { CudaCompat = archive };

    protected override TomlText WriteOwn(TomlText text, LockedCudaCompat archive) => text.Add("cuda", archive.Cuda);

    protected override LockedCudaCompat ReadOwn(TomlTableReader found) =>
        new()
        {
            Version = found.RequiredText("version"),
            Cuda = found.RequiredText("cuda"),
            Url = LockReader.RequiredAddress(found, "url"),
            Size = LockReader.Required(found, "size"),
            Sha256 = LockReader.RequiredDigest(found, "sha256"),
            License = found.RequiredText("license"),
        };
}
