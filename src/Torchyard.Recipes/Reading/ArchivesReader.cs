using System.Text.RegularExpressions;
using Torchyard.Platform.Text;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Reading;

/// <summary>Reads <c>[[archives]]</c>, Debian archives beside Debian's own.</summary>
internal static partial class ArchivesReader
{
    public static IReadOnlyList<ArchiveSettings> Read(IReadOnlyList<TomlTableReader> tables)
    {
        var archives = new List<ArchiveSettings>();
        foreach (var table in tables)
        {
            var archive = Read(table);
            if (archives.Any(other => other.Id == archive.Id))
            {
                throw table.Wrong(
                    "suite",
                    $"two archives have the URL {archive.PublicUrl} and the suite {archive.Suite}",
                    "write all their components and packages in one of them, and remove the other",
                    "TY1007"
                );
            }

            archives.Add(archive);
        }

        return archives;
    }

    public static void Write(TomlText text, IReadOnlyList<ArchiveSettings> archives, string path)
    {
        foreach (var archive in archives)
        {
            text.ArrayHeader(path)
                .Add("url", archive.Url)
                .Add("suite", archive.Suite)
                .Add("components", archive.Components)
                .Add("key", archive.Key)
                .Add("packages", archive.Packages);
        }
    }

    private static ArchiveSettings Read(TomlTableReader table)
    {
        var url = Url(table, table.RequiredText("url"));
        var suite = Suite(table, table.RequiredText("suite"));
        var named = table.Texts("components");
        var isFlat = suite.EndsWith('/');
        if (isFlat && named is { Count: > 0 })
        {
            throw table.Wrong(
                "components",
                $"the suite '{suite}' ends with a slash, so the archive is flat and has no components",
                "remove 'components'; or write the name of a suite, without a slash at its end",
                "TY1007"
            );
        }

        var result = new ArchiveSettings
        {
            Url = url,
            Suite = suite,
            Components = isFlat ? [] : RecipeChecks.Components(table, named ?? ["main"]),
            Key = Key(table, Required(table, "key")),
            Packages = Patterns(table, table.Texts("packages") ?? []),
        };
        table.Finish();
        return result;
    }

    private static string Required(TomlTableReader table, string key) =>
        table.Text(key)
        ?? throw table.Wrong(
            key,
            "an archive has no key, and nothing is taken that nobody signed",
            "name the file of the OpenPGP key that signs it, such as key = \"./keys/example.asc\"",
            "TY1006"
        );

    private static string Url(TomlTableReader table, string url)
    {
        var bare = url;
        if (Login().Match(url) is { Success: true } login)
        {
            bare = login.Groups["scheme"].Value + url[login.Length..];
        }
        else if (url.Contains("${", StringComparison.Ordinal))
        {
            throw table.Wrong(
                "url",
                "a variable may stand only for the user or the password of the URL",
                "write it as https://user:${VARIABLE}@host/, or write the value itself",
                "TY1042"
            );
        }

        if (!UrlText.TryRead(bare, out var read) || read.Scheme is not ("http" or "https" or "file") || read.Query.Length > 0)
        {
            throw table.Wrong(
                "url",
                $"'{VisibleText.Of(bare)}' is not the http, https or file URL of an archive",
                "write the directory that has 'dists' below it, such as \"https://apt.example.com/debian\""
            );
        }

        return read.UserInfo.Length == 0
            ? url
            : throw table.Wrong(
                "url",
                "the URL holds a password, and recipes are shared",
                "write it as https://user:${VARIABLE}@host/ and set the variable where torchyard runs; or give the login in apt's auth.conf"
            );
    }

    private static string Suite(TomlTableReader table, string suite) =>
        suite is "/" or "./" || (SuitePattern().IsMatch(suite) && !suite.Split('/').Contains(".."))
            ? suite
            : throw table.Wrong(
                "suite",
                $"'{VisibleText.Of(suite)}' cannot be a suite",
                "write it as in apt's sources, such as \"stable\"; of a flat archive the directory with a slash at its end, such as \"./\""
            );

    private static string Key(TomlTableReader table, string key) =>
        key.Length > 0 && !key.Any(char.IsControl)
            ? key
            : throw table.Wrong("key", "the path of the key is empty, or not one", "name its file, such as key = \"./keys/example.asc\"");

    private static IReadOnlyList<string> Patterns(TomlTableReader table, IReadOnlyList<string> patterns)
    {
        for (var i = 0; i < patterns.Count; i++)
        {
            if (!Pattern().IsMatch(patterns[i]))
            {
                throw table.WrongItem(
                    "packages",
                    i,
                    $"'{VisibleText.Of(patterns[i])}' is not the name of a package",
                    "write a name in lower case, with * for any letters, such as \"example-*\"; versions are pinned in the recipe's own "
                        + "'packages'",
                    "TY1008"
                );
            }
        }

        return patterns;
    }

    // A password stands as a variable; of the user nothing need be hidden.
    [GeneratedRegex(
        @"\A(?<scheme>https?://)(?:(?:\$\{[A-Z0-9_]+\}|[A-Za-z0-9._~%+-]+):)?\$\{[A-Z0-9_]+\}@(?!.*\$\{)",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Login();

    [GeneratedRegex(@"\A(?:\./)?[A-Za-z0-9][A-Za-z0-9._+~-]*(?:/[A-Za-z0-9][A-Za-z0-9._+~-]*)*/?\z", RegexOptions.CultureInvariant)]
    private static partial Regex SuitePattern();

    [GeneratedRegex(@"\A[a-z0-9*][a-z0-9+.*-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
