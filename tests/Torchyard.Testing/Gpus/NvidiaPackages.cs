namespace Torchyard.Testing.Gpus;

/// <summary>
/// NVIDIA's headers and libraries as Debian packages them (fetch-nvidia.sh unpacks them without installing):
/// <c>TORCHYARD_NVIDIA</c> names the directory that holds their <c>usr</c>.
/// </summary>
public static class NvidiaPackages
{
    private static readonly string Root = Environment.GetEnvironmentVariable("TORCHYARD_NVIDIA") ?? "/";

    public static string Header(string name) => Existing($"usr/include/{name}");

    public static string Library(string name) => Existing($"usr/lib/x86_64-linux-gnu/{name}");

    private static string Existing(string path)
    {
        var full = Path.Combine(Root, path);
        Assert.SkipUnless(
            File.Exists(full),
            $"{full} is absent: tests/Torchyard.Testing/Gpus/fetch-nvidia.sh DIR, then TORCHYARD_NVIDIA=DIR"
        );
        return full;
    }
}
