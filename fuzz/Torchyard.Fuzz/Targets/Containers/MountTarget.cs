using Torchyard.Containers.Requests;

namespace Torchyard.Fuzz.Targets.Containers;

internal sealed class MountTarget : TextTarget
{
    public override string Name => "mount";

    public override string Input => "mounts on the command line and in recipes";

    public override int LongestInput => 2048;

    public override IReadOnlyList<string> Words =>
        [
            "/a:/b",
            ":ro",
            ":rw",
            ":rshared",
            "type=bind,source=/a,target=/b",
            "type=tmpfs,target=/c,tmpfs-size=1g,tmpfs-mode=1777",
            ",readonly",
            "~/",
            "./",
            "../",
            "/proc",
            "/dev",
        ];

    protected override object? Parse(string text)
    {
        var mounts = new[]
        {
            () => MountSyntax.Volume(text, () => "/work", "/home/me"),
            () => MountSyntax.Mount(text, () => "/work", "/home/me"),
            () => MountSyntax.Tmpfs(text),
        }
            .Select(Try)
            .OfType<MountRequest>()
            .ToList();
        foreach (var mount in mounts)
        {
            Require(mount.Target.StartsWith('/') && !mount.Target.Contains('\0'), "a mount goes to a place that is none");
        }

        return mounts.Count > 0 ? mounts : MountSyntax.Volume(text, () => "/work", "/home/me");
    }

    private static MountRequest? Try(Func<MountRequest> read)
    {
        try
        {
            return read();
        }
        catch (TorchyardException)
        {
            return null;
        }
    }
}
