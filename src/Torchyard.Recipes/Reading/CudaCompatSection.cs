using System.Text.RegularExpressions;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Reading;

/// <summary><c>[cuda-compat]</c> of a recipe. Whether a release suits build and drivers, <c>lock</c> says.</summary>
internal sealed partial class CudaCompatSection : IRecipeSection
{
    public string Table => "cuda-compat";

    public Recipe Read(TomlTableReader table, Recipe recipe) => recipe with { CudaCompat = Read(table) };

    public void Write(TomlText text, Recipe recipe, string path)
    {
        if (recipe.CudaCompat is { } compat)
        {
            text.Header(path)
                .Add("accept-license", compat.AcceptLicense)
                .Add("release", compat.Release)
                .Add("mirrors", compat.Mirrors)
                .Add("archive", compat.Archive);
        }
    }

    private static CudaCompatSettings Read(TomlTableReader table)
    {
        var result = new CudaCompatSettings
        {
            AcceptLicense = table.Flag("accept-license") ?? false,
            Release = table.Text("release"),
            Mirrors = RecipeChecks.Urls(table, "mirrors", table.Texts("mirrors") ?? []),
            Archive = table.Text("archive"),
        };
        table.Finish();
        if (result.Release is { } release && !ReleasePattern().IsMatch(release))
        {
            throw table.Wrong(
                "release",
                $"'{release}' is not a release of CUDA",
                "write it like release = \"13.1\", or leave it out to have it chosen"
            );
        }

        return result.Archive is null or { Length: > 0 }
            ? result
            : throw table.Wrong(
                "archive",
                "the path is empty",
                "name the archive, such as archive = \"./cuda_compat-linux-x86_64-590.48.01_cuda13.1-archive.tar.xz\""
            );
    }

    [GeneratedRegex(@"\A[0-9]{2}\.[0-9]{1,2}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ReleasePattern();
}
