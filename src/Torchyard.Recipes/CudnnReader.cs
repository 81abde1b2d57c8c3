using System.Text.RegularExpressions;
using Torchyard.Recipes.Toml;

namespace Torchyard.Recipes;

/// <summary>Reads <c>[cudnn]</c>. Whether a release suits the packages, <c>lock</c> says.</summary>
internal static partial class CudnnReader
{
    public static CudnnSettings Read(TomlTableReader table)
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
            throw table.Wrong("version", $"'{version}' is no release of cuDNN", "write all four numbers, like version = \"9.0.0.312\", or leave it out to take Debian's");
        }

        return result.Archive is null or { Length: > 0 }
            ? result
            : throw table.Wrong("archive", "the path is empty", "name the archive, such as archive = \"./cudnn-linux-x86_64-9.0.0.312_cuda12-archive.tar.xz\"");
    }

    [GeneratedRegex(@"\A[0-9]{1,3}(?:\.[0-9]{1,5}){3}\z", RegexOptions.CultureInvariant)]
    private static partial Regex VersionPattern();
}
