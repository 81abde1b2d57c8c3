using Torchyard.Platform.Toml;

namespace Torchyard.Recipes.Locks;

/// <summary><c>[python]</c>.</summary>
internal sealed class PythonLockSection : ILockSection
{
    public void Write(TomlText text, RecipeLock locked)
    {
        if (locked.Python is not { } python)
        {
            return;
        }

        text.Header("python").Add("interpreter", python.Interpreter).Add("resolver", python.Resolver);
        foreach (var index in python.Indexes)
        {
            text.ArrayHeader("python.index").Add("id", index.Id).Add("url", index.Url);
        }

        foreach (var package in python.Packages.OrderBy(package => package.Name, StringComparer.Ordinal))
        {
            Write(text, "python.package", package);
        }

        foreach (var package in python.BuildPackages.OrderBy(package => package.Filename, StringComparer.Ordinal))
        {
            Write(text, "python.build-package", package);
        }
    }

    public RecipeLock Read(TomlTableReader table, RecipeLock locked) =>
        table.Table("python") is { } python ? locked with { Python = Read(python) } : locked;

    public IEnumerable<LockedVersion> Versions(RecipeLock locked)
    {
        foreach (var package in locked.Python?.Packages ?? [])
        {
            // Of Git the version alone often stays the same from commit to commit.
            yield return new LockedVersion(
                $"{package.Name} (Python)",
                package.Source?.Commit is { } commit ? $"{package.Version} at {commit[..12]}" : package.Version
            );
        }

        // Two builds may use two versions of a tool.
        foreach (var tools in (locked.Python?.BuildPackages ?? []).GroupBy(tool => tool.Name, StringComparer.Ordinal))
        {
            yield return new LockedVersion(
                $"{tools.Key} (Python, for builds)",
                string.Join(", ", tools.Select(tool => tool.Version).Distinct(StringComparer.Ordinal))
            );
        }
    }

    private static LockedPython Read(TomlTableReader table)
    {
        var result = new LockedPython
        {
            Interpreter = table.RequiredText("interpreter"),
            Resolver = table.RequiredText("resolver"),
            Indexes = [.. table.Tables("index").Select(ReadIndex)],
            Packages = [.. table.Tables("package").Select(ReadPackage)],
            BuildPackages = [.. table.Tables("build-package").Select(ReadPackage)],
        };
        table.Finish();
        return result;
    }

    private static void Write(TomlText text, string path, LockedPythonPackage package)
    {
        text.ArrayHeader(path)
            .Add("name", package.Name)
            .Add("version", package.Version)
            .Add("filename", package.Filename)
            .Add("size", package.Size)
            .Add("sha256", package.Sha256.Hex)
            .Add("index", package.Index)
            .Add("url", package.Url)
            .Add("path", package.Path)
            .Add("requires-python", package.RequiresPython);
        if (package.Extras.Count > 0)
        {
            text.Add("extras", package.Extras);
        }

        if (package.Requires.Count > 0)
        {
            text.Add("requires", package.Requires);
        }

        if (package.Requested)
        {
            text.Add("requested", true);
        }

        if (package.Source is { } source)
        {
            text.Header(path + ".source")
                .Add("url", source.Url)
                .Add("path", source.Path)
                .Add("filename", source.Filename)
                .Add("size", source.Size)
                .Add("sha256", source.Sha256?.Hex)
                .Add("commit", source.Commit)
                .Add("revision", source.Revision)
                .Add("subdirectory", source.Subdirectory)
                .Add("built-with", source.BuiltWith);
            if (source.Tags.Count > 0)
            {
                text.Add("tags", [.. source.Tags.Select(tag => tag.ToString())]);
            }
        }
    }

    private static LockedPythonIndex ReadIndex(TomlTableReader table)
    {
        var result = new LockedPythonIndex(table.RequiredText("id"), LockReader.RequiredAddress(table, "url"));
        table.Finish();
        return result;
    }

    private static LockedPythonPackage ReadPackage(TomlTableReader table)
    {
        var result = new LockedPythonPackage
        {
            Name = table.RequiredText("name"),
            Version = table.RequiredText("version"),
            Filename = table.RequiredText("filename"),
            Size = LockReader.Required(table, "size"),
            Sha256 = LockReader.RequiredDigest(table, "sha256"),
            Index = table.Text("index"),
            Url = LockReader.Address(table, "url"),
            Path = table.Text("path"),
            Source = table.Table("source") is { } source ? ReadSource(source) : null,
            RequiresPython = table.Text("requires-python"),
            Extras = table.Texts("extras") ?? [],
            Requires = table.Texts("requires") ?? [],
            Requested = table.Flag("requested") ?? false,
        };
        table.Finish();
        return result;
    }

    private static LockedSource ReadSource(TomlTableReader table)
    {
        var result = new LockedSource
        {
            Url = LockReader.Address(table, "url"),
            Path = table.Text("path"),
            Filename = table.Text("filename"),
            Size = table.Whole("size", 0, long.MaxValue),
            Sha256 = table.Text("sha256") is null ? null : LockReader.RequiredDigest(table, "sha256"),
            Commit = table.Text("commit"),
            Revision = table.Text("revision"),
            Subdirectory = table.Text("subdirectory"),
            BuiltWith = table.Texts("built-with") ?? [],
            Tags =
            [
                .. (table.Texts("tags") ?? []).Select(text =>
                    LockedTag.TryParse(text, out var tag)
                        ? tag!
                        : throw table.Wrong("tags", $"'{text}' is not a tag with its hash", LockReader.Cure, LockCodes.Damaged)
                ),
            ],
        };
        table.Finish();
        return (result.Commit is null) != (result.Sha256 is null) && (result.Filename is null) == (result.Sha256 is null)
            ? result
            : throw table.Wrong("commit", "a source has either a commit, or a filename and a sha256", LockReader.Cure, LockCodes.Damaged);
    }
}
