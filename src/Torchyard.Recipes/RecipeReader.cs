using Torchyard.Platform;
using Torchyard.Recipes.Toml;

namespace Torchyard.Recipes;

/// <summary>Reads <c>torchyard.toml</c>. Unknown keys, wrong types and values that cannot be meant are errors with file, line, column and cure.</summary>
public static class RecipeReader
{
    /// <summary>Name of a recipe file.</summary>
    public const string FileName = "torchyard.toml";

    private const int LargestFile = 1 << 20;
    private const string SyntaxCure = "see docs/recipe.md for the form of a recipe; texts stand in quotes, lists in brackets";

    /// <summary>Reads a file.</summary>
    /// <param name="path">Path as the user gave it; error messages repeat it.</param>
    /// <exception cref="TorchyardException">TY1001 to TY1011: the recipe is missing or wrong.</exception>
    public static Recipe ReadFile(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        byte[] content;
        try
        {
            using var stream = File.OpenRead(path);
            if (stream.Length > LargestFile)
            {
                throw new TorchyardException("TY1011", $"{path} has {stream.Length} bytes; a recipe has at most {LargestFile}", "give a recipe file")
                {
                    IsUsage = true,
                };
            }

            content = new byte[stream.Length];
            stream.ReadExactly(content);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TorchyardException(
                "TY1009", $"there is no recipe {path}", "make one with 'torchyard init', or name a preset: torchyard up cpu", missing)
            {
                IsUsage = true,
            };
        }

        return Read(content, path);
    }

    /// <summary>Reads a recipe from memory.</summary>
    /// <param name="content">UTF-8 text.</param>
    /// <param name="file">Path for error messages.</param>
    public static Recipe Read(ReadOnlySpan<byte> content, string file) => Read(content, file, new HashSet<string>(StringComparer.Ordinal));

    /// <summary>As above; also collects every key that was looked for.</summary>
    internal static Recipe Read(ReadOnlySpan<byte> content, string file, ISet<string> asked)
    {
        var top = new TomlTableReader(TomlDocument.Parse(content, file, "TY1001", SyntaxCure), "", file, asked);
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
            Packages = RecipeChecks.Packages(top, top.Texts("packages") ?? []),
            Recommends = top.Flag("recommends") ?? false,
            Base = ReadBase(top.Table("base") ?? throw new TorchyardException(
                "TY1006", "the table [base] is missing", "add it: [base] and below it suite = \"trixie\"")
            {
                Location = top.Wrong("base", "", "").Location,
            }),
            Python = top.Table("python") is { } python ? PythonReader.Read(python) : null,
            Fit = top.Table("fit") is { } fit ? FitReader.Read(fit) : null,
            Cudnn = top.Table("cudnn") is { } cudnn ? CudnnReader.Read(cudnn) : null,
            CudaCompat = top.Table("cuda-compat") is { } compat ? CudaCompatReader.Read(compat) : null,
            Services = top.Table("services") is { } services ? ReadServices(services) : new ServiceSettings(),
            Mounts = MountReader.Read(top.Tables("mounts")),
            Limits = top.Table("limits") is { } limits ? LimitReader.Read(limits) : new LimitSettings(),
            Image = top.Table("image") is { } image ? ReadImage(image) : new ImageSettings(),
        };
        return recipe;
    }

    private static DebianBase ReadBase(TomlTableReader table)
    {
        var defaults = new DebianBase { Suite = "" };
        var result = new DebianBase
        {
            Suite = RecipeChecks.Suite(table, "suite", table.RequiredText("suite")),
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

    private static ServiceSettings ReadServices(TomlTableReader table)
    {
        var result = new ServiceSettings
        {
            Jupyter = table.Table("jupyter") is { } jupyter ? ReadJupyter(jupyter) : null,
            Ssh = table.Table("ssh") is { } ssh ? ReadSsh(ssh) : null,
        };
        table.Finish();
        if (result is { Jupyter.Port: > 0 and var port, Ssh: { } server } && server.Port == port)
        {
            throw table.Wrong("ssh", $"Jupyter and SSH both have port {port}", "give one of them another port, or 0 for a free one", "TY1007");
        }

        return result;
    }

    private static JupyterSettings ReadJupyter(TomlTableReader table)
    {
        var defaults = new JupyterSettings();
        var result = new JupyterSettings(
            RecipeChecks.Port(table) ?? defaults.Port, RecipeChecks.Listen(table, table.Text("listen") ?? defaults.Listen));
        table.Finish();
        return result;
    }

    private static SshSettings ReadSsh(TomlTableReader table)
    {
        var defaults = new SshSettings();
        var result = new SshSettings(
            RecipeChecks.Port(table) ?? defaults.Port, RecipeChecks.Listen(table, table.Text("listen") ?? defaults.Listen));
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
            Level = (int)(table.Whole("level", 1, compression == LayerCompression.Gzip ? 9 : 19)
                ?? ImageSettings.DefaultLevel(compression)),
            LayerBudget = (int)(table.Whole("layer-budget", 1, 100) ?? defaults.LayerBudget),
            Environment = RecipeChecks.Environment(table, table.TextMap("environment") ?? defaults.Environment),
            Labels = RecipeChecks.Labels(table, table.TextMap("labels") ?? defaults.Labels),
        };
        table.Finish();
        return result;
    }
}
