using Torchyard.Platform.Linux;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Locks;

/// <summary><c>[[file]]</c>: the files of the project that the image has. Commands are in the lock with the recipe.</summary>
internal sealed class FilesLockSection : ILockSection
{
    private const string Table = "file";

    public void Write(TomlText text, RecipeLock locked)
    {
        foreach (var file in locked.Files)
        {
            text.ArrayHeader(Table)
                .Add("source", file.Source)
                .Add("target", file.Target)
                .Add("mode", FilesSetting.Text(file.Mode))
                .Add("size", file.Size)
                .Add("sha256", file.Sha256.Hex);
        }
    }

    public RecipeLock Read(TomlTableReader table, RecipeLock locked)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return locked with { Files = [.. table.Tables(Table).Select(one => Read(one, seen))] };
    }

    public IEnumerable<LockedVersion> Versions(RecipeLock locked) =>
        [
            .. locked.Files.Select(file => new LockedVersion(
                $"{file.Target} (file)",
                $"{file.Sha256.Hex[..12]}, {FilesSetting.Text(file.Mode)}"
            )),
            .. locked.Recipe.Run.Select(step => new LockedVersion($"{step.Title} (run)", step.Digest.Hex[..12])),
        ];

    // Both are read anew from the project.
    public RecipeLock Salvaged(RecipeLock locked) => locked with { Files = [] };

    private static LockedProjectFile Read(TomlTableReader table, HashSet<string> seen)
    {
        var file = new LockedProjectFile
        {
            Source = table.RequiredText("source"),
            Target = table.RequiredText("target"),
            Mode = Mode(table, table.RequiredText("mode")),
            Size = LockReader.Required(table, "size"),
            Sha256 = LockReader.RequiredDigest(table, "sha256"),
        };
        table.Finish();
        return
            file.Target is ['/', _, ..]
            && Path.TrimEndingDirectorySeparator(Path.GetFullPath(file.Target)) == file.Target
            && !file.Target.Any(char.IsControl)
            && ImagePlaces.WhyNot(file.Target) is null
            && seen.Add(file.Target)
            ? file
            : throw table.Wrong("target", "'target' is not where a file of an image may be", LockReader.Cure, LockCodes.Damaged);
    }

    private static int Mode(TomlTableReader table, string text)
    {
        for (var mode = 0; text.Length == 4 && mode <= FileModes.Everything; mode++)
        {
            if (FilesSetting.Text(mode) == text)
            {
                return mode;
            }
        }

        throw table.Wrong("mode", "'mode' is not a mode of a file", LockReader.Cure, LockCodes.Damaged);
    }
}
