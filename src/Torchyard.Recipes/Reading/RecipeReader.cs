using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Reading;

/// <summary>
/// Reads <c>torchyard.toml</c>. Unknown keys, wrong types and values that cannot be meant are errors with file, line, column and cure.
/// </summary>
public static class RecipeReader
{
    /// <summary>Name of a recipe file.</summary>
    public const string FileName = "torchyard.toml";

    internal const int LargestFile = 1 << 20;
    private const string SyntaxCure = "see docs/recipe.md for the form of a recipe; texts stand in quotes, lists in brackets";

    /// <summary>Reads a file.</summary>
    /// <param name="path">Path as the user gave it; error messages repeat it.</param>
    /// <exception cref="TorchyardException">TY1001 to TY1011: the recipe is missing or wrong.</exception>
    public static Recipe ReadFile(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (RegularFile.Length(path) is { } length and > LargestFile)
        {
            throw new TorchyardException("TY1011", $"{path} has {length} bytes; a recipe has at most {LargestFile}", "give a recipe file")
            {
                IsUsage = true,
            };
        }

        return RegularFile.TryRead(path, LargestFile) is { } content
            ? Read(content, path)
            : throw new TorchyardException(
                RecipeCodes.Missing,
                $"there is no recipe {path}",
                "make one with 'torchyard init', or name a preset: torchyard up cpu"
            )
            {
                IsUsage = true,
            };
    }

    /// <summary>Reads a recipe from memory.</summary>
    /// <param name="content">UTF-8 text.</param>
    /// <param name="file">Path for error messages.</param>
    public static Recipe Read(ReadOnlySpan<byte> content, string file) => Read(content, file, new HashSet<string>(StringComparer.Ordinal));

    /// <summary>As above; also collects every key that was looked for.</summary>
    internal static Recipe Read(ReadOnlySpan<byte> content, string file, ISet<string> asked)
    {
        var top = new TomlTableReader(TomlDocument.Parse(content, file, RecipeCodes.NotToml, SyntaxCure), "", file, asked);
        var recipe = Read(top);
        top.Finish();
        return recipe;
    }

    /// <summary>Reads the recipe that a table holds; the caller finishes the table.</summary>
    internal static Recipe Read(TomlTableReader top)
    {
        var recipe = new Recipe
        {
            Name = RecipeChecks.Name(top, top.RequiredText("name")),
            Packages = RecipeChecks.PackagesAndFiles(top, top.Texts("packages") ?? []),
            Recommends = top.Flag("recommends") ?? false,
            Base = ReadBase(
                top.Table("base")
                    ?? throw new TorchyardException(
                        "TY1006",
                        "the table [base] is missing",
                        "add it: [base] and below it suite = \"trixie\", or image = \"NAME\" for an image of the store"
                    )
                    {
                        Location = top.Wrong("base", "", "").Location,
                    }
            ),
            Archives = ArchivesReader.Read(top.Tables("archives")),
        };
        foreach (var section in RecipeSections.All)
        {
            if (top.Table(section.Table) is { } table)
            {
                recipe = section.Read(table, recipe);
            }
        }

        return recipe with
        {
            Files = FilesReader.Read(top.Tables("files")),
            Run = RunReader.Read(top.Tables("run")),
            Services = top.Table("services") is { } services ? ServicesReader.Read(services) : new ServiceSettings(),
            Environment = top.Table("environment") is { } environment ? EnvironmentReader.Read(environment) : new EnvironmentSettings(),
            Caches = top.Table("caches") is { } caches ? CachesReader.Read(caches) : [],
            Mounts = MountReader.Read(top.Tables("mounts")),
            Limits = top.Table("limits") is { } limits ? LimitReader.Read(limits) : new LimitSettings(),
            Image = top.Table("image") is { } image ? ReadImage(image) : new ImageSettings(),
        };
    }

    private static DebianBase ReadBase(TomlTableReader table)
    {
        var defaults = new DebianBase { Suite = "" };
        var image = RecipeChecks.BaseImage(table, table.Text("image"));
        var result = new DebianBase
        {
            // Of an image its own os-release says it.
            Suite = image is null || table.Has("suite") ? RecipeChecks.Suite(table, "suite", table.RequiredText("suite")) : defaults.Suite,
            Image = image,
            Architecture = RecipeChecks.Architecture(table, table.Text("architecture") ?? defaults.Architecture),
            Components = RecipeChecks.Components(table, table.Texts("components") ?? defaults.Components),
            Mirrors = RecipeChecks.Urls(table, "mirrors", table.Texts("mirrors") ?? []),
            ExtraSuites = [.. (table.Texts("extra-suites") ?? []).Select(suite => RecipeChecks.Suite(table, "extra-suites", suite))],
            Security = table.Flag("security") ?? defaults.Security,
            Snapshot = RecipeChecks.Snapshot(table, table.Text("snapshot")),
            Keyrings = table.Texts("keyrings") ?? [],
        };
        table.Finish();
        return result;
    }

    private static ImageSettings ReadImage(TomlTableReader table)
    {
        var defaults = new ImageSettings();
        var compression = table.Text("compression") switch
        {
            null => defaults.Compression,
            "zstd" => LayerCompression.Zstd,
            "gzip" => LayerCompression.Gzip,
            var other => throw table.Wrong("compression", $"there is no compression '{other}'", "write \"zstd\" or \"gzip\""),
        };
        var result = new ImageSettings
        {
            Tag = RecipeChecks.Tag(table, table.Text("tag") ?? defaults.Tag),
            Compression = compression,
            Level = (int)(table.Whole("level", 1, ImageSettings.HighestLevel(compression)) ?? ImageSettings.DefaultLevel(compression)),
            LayerBudget = (int)(table.Whole("layer-budget", 1, 100) ?? defaults.LayerBudget),
            Environment = RecipeChecks.Environment(table, table.TextMap("environment") ?? defaults.Environment),
            Labels = RecipeChecks.Labels(table, table.TextMap("labels") ?? defaults.Labels),
        };
        table.Finish();
        return result;
    }
}
