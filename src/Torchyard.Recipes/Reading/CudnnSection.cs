using System.Text.RegularExpressions;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Reading;

/// <summary><c>[cudnn]</c> of a recipe. Whether a release suits the packages, <c>lock</c> says.</summary>
internal sealed partial class CudnnSection : IRecipeSection
{
    public string Table => "cudnn";

    public Recipe Read(TomlTableReader table, Recipe recipe) => recipe with { Cudnn = Read(table) };

    public void Write(TomlText text, Recipe recipe, string path)
    {
        if (recipe.Cudnn is { } cudnn)
        {
            text.Header(path)
                .Add("accept-license", cudnn.AcceptLicense)
                .Add("version", cudnn.Version)
                .Add("mirrors", cudnn.Mirrors)
                .Add("archive", cudnn.Archive);
        }
    }

    private static CudnnSettings Read(TomlTableReader table)
    {
        var result = new CudnnSettings
        {
            AcceptLicense = table.Flag("accept-license") ?? false,
            Version = table.Text("version"),
            Mirrors = RecipeChecks.Urls(table, "mirrors", table.Texts("mirrors") ?? []),
            Archive = table.Text("archive"),
        };
        table.Finish();
        if (result.Version is { } version && !VersionPattern().IsMatch(version))
        {
            throw table.Wrong(
                "version",
                $"'{version}' is not a release of cuDNN",
                "write all four numbers, like version = \"9.0.0.312\", or leave it out to take Debian's"
            );
        }

        return result.Archive is null or { Length: > 0 }
            ? result
            : throw table.Wrong(
                "archive",
                "the path is empty",
                "name the archive, such as archive = \"./cudnn-linux-x86_64-9.0.0.312_cuda12-archive.tar.xz\""
            );
    }

    [GeneratedRegex(@"\A[0-9]{1,3}(?:\.[0-9]{1,5}){3}\z", RegexOptions.CultureInvariant)]
    private static partial Regex VersionPattern();
}
