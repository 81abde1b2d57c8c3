using Torchyard.Platform.Files;

namespace Torchyard.Fuzz.Targets.Images;

internal sealed class ArchivePathTarget : TextTarget
{
    public override string Name => "archive-path";

    public override string Input => "names of entries in archives";

    public override IReadOnlyList<string> Words => ["../", "./", "//", "/..", "a/b", ".", "..", "\\"];

    protected override object? Parse(string text)
    {
        if (!ArchivePath.TryNormalise(text, out var path))
        {
            return null;
        }

        Require(
            !path.StartsWith('/') && path.Split('/').All(part => part is not (".." or ".") && !part.Contains('\0')),
            "a path leads out of its root"
        );
        Require(ArchivePath.TryNormalise(path, out var again) && again == path, "a clean path is not its own clean form");
        return path;
    }
}
