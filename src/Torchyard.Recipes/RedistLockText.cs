using Torchyard.Recipes.Toml;

namespace Torchyard.Recipes;

/// <summary>What <c>torchyard.lock</c> has from NVIDIA's redistributable indexes, written and read.</summary>
internal static class RedistLockText
{
    public const string CudnnTable = "cudnn";
    public const string CudaCompatTable = "cuda-compat";

    public static void Write(TomlText text, LockedCudnn cudnn) =>
        WriteArchive(text.Header(CudnnTable).Add("version", cudnn.Version).Add("cuda", cudnn.Cuda), cudnn);

    public static void Write(TomlText text, LockedCudaCompat compat) =>
        WriteArchive(text.Header(CudaCompatTable).Add("version", compat.Version).Add("cuda", compat.Cuda), compat);

    public static LockedCudnn ReadCudnn(TomlTableReader table)
    {
        var result = new LockedCudnn
        {
            Version = table.RequiredText("version"),
            Cuda = (int)(table.Whole("cuda", 1, 999) ?? throw table.Wrong("cuda", "the key 'cuda' is missing", LockReader.Cure, "TY1021")),
            Url = table.RequiredText("url"),
            Size = LockReader.Required(table, "size"),
            Sha256 = LockReader.RequiredDigest(table, "sha256"),
            License = table.RequiredText("license"),
        };
        table.Finish();
        return result;
    }

    public static LockedCudaCompat ReadCudaCompat(TomlTableReader table)
    {
        var result = new LockedCudaCompat
        {
            Version = table.RequiredText("version"),
            Cuda = table.RequiredText("cuda"),
            Url = table.RequiredText("url"),
            Size = LockReader.Required(table, "size"),
            Sha256 = LockReader.RequiredDigest(table, "sha256"),
            License = table.RequiredText("license"),
        };
        table.Finish();
        return result;
    }

    private static void WriteArchive(TomlText text, LockedRedist archive) => text
        .Add("url", archive.Url)
        .Add("size", archive.Size)
        .Add("sha256", archive.Sha256.Hex)
        .Add("license", archive.License);
}
