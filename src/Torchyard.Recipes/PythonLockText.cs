using Torchyard.Recipes.Toml;

namespace Torchyard.Recipes;

/// <summary>The Python part of <c>torchyard.lock</c>, written and read.</summary>
internal static class PythonLockText
{
    public static void Write(TomlText text, LockedPython python)
    {
        text.Header("python").Add("interpreter", python.Interpreter).Add("resolver", python.Resolver);
        foreach (var index in python.Indexes)
        {
            text.ArrayHeader("python.index").Add("id", index.Id).Add("url", index.Url);
        }

        foreach (var package in python.Packages.OrderBy(package => package.Name, StringComparer.Ordinal))
        {
            text.ArrayHeader("python.package")
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
        }
    }

    public static LockedPython Read(TomlTableReader table)
    {
        var result = new LockedPython
        {
            Interpreter = table.RequiredText("interpreter"),
            Resolver = table.RequiredText("resolver"),
            Indexes = [.. table.Tables("index").Select(ReadIndex)],
            Packages = [.. table.Tables("package").Select(ReadPackage)],
        };
        table.Finish();
        return result;
    }

    private static LockedPythonIndex ReadIndex(TomlTableReader table)
    {
        var result = new LockedPythonIndex(table.RequiredText("id"), table.RequiredText("url"));
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
            Url = table.Text("url"),
            Path = table.Text("path"),
            RequiresPython = table.Text("requires-python"),
            Extras = table.Texts("extras") ?? [],
            Requires = table.Texts("requires") ?? [],
            Requested = table.Flag("requested") ?? false,
        };
        table.Finish();
        return result;
    }
}
