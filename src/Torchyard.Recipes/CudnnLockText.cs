using Torchyard.Recipes.Toml;

namespace Torchyard.Recipes;

/// <summary>The cuDNN of <c>torchyard.lock</c>, written and read.</summary>
internal static class CudnnLockText
{
    public static void Write(TomlText text, LockedCudnn cudnn) => text.Header("cudnn")
        .Add("version", cudnn.Version)
        .Add("cuda", cudnn.Cuda)
        .Add("url", cudnn.Url)
        .Add("size", cudnn.Size)
        .Add("sha256", cudnn.Sha256.Hex)
        .Add("license", cudnn.License);

    public static LockedCudnn Read(TomlTableReader table)
    {
        var result = new LockedCudnn
        {
            Version = table.RequiredText("version"),
            Cuda = (int)(table.Whole("cuda", 1, 999) ?? throw table.Wrong("cuda", "the key 'cuda' is missing", "run 'torchyard lock' to write it again", "TY1021")),
            Url = table.RequiredText("url"),
            Size = LockReader.Required(table, "size"),
            Sha256 = LockReader.RequiredDigest(table, "sha256"),
            License = table.RequiredText("license"),
        };
        table.Finish();
        return result;
    }
}
