namespace Torchyard.Testing.Gpus;

/// <summary>
/// The driver's control node. As root, NVIDIA's libraries make it even where no module is loaded, and other tests take it for a driver's:
/// at the end of a test that calls them it is as it was.
/// </summary>
public sealed class ControlNode : IDisposable
{
    private const string Path = "/dev/nvidiactl";

    private readonly bool _was = File.Exists(Path);

    /// <summary>True on a machine whose driver is loaded.</summary>
    public static bool HasDriver => File.Exists("/proc/driver/nvidia/version");

    public void Dispose()
    {
        if (!_was && !HasDriver)
        {
            File.Delete(Path);
        }
    }
}
