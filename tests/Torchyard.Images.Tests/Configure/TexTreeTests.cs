using Torchyard.Images.Debian.Configure;
using Torchyard.Images.Debian.Unpacking;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Tests.Configure;

public sealed class TexTreeTests
{
    [Fact]
    public void A_list_of_files_has_the_order_of_names_whatever_the_file_system_gave()
    {
        const string One =
            "% ls-R -- filename database for kpathsea; do not change this "
            + "line.\n\n./:\n.:\nweb2c\nls-R\nfonts\n\n./web2c:\ntex\n\n./fonts:\nb\na\n\n./fonts/a:\n";
        const string Other =
            "% ls-R -- filename database for kpathsea; do not change this "
            + "line.\n\n./:\n.:\nfonts\nls-R\nweb2c\n\n./fonts:\na\nb\n\n./fonts/a:\n\n./web2c:\ntex\n";

        Assert.Equal(Other, TexTree.Sorted(One));
        Assert.Equal(Other, TexTree.Sorted(Other));
    }

    [Fact]
    public void Logs_and_formats_of_engines_with_Lua_are_taken_out_and_other_formats_stay()
    {
        using var directory = new TemporaryDirectory();
        IReadOnlyList<string> told;
        foreach (
            var path in new[]
            {
                "tex/tex.fmt",
                "pdftex/pdftex.fmt",
                "pdftex/pdftex.log",
                "luatex/luatex.fmt",
                "luahbtex/lualatex.fmt",
                "updmap.log",
            }
        )
        {
            var file = Path.Combine(directory.Path, "var/lib/texmf/web2c", path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, "x");
        }

        using (var upper = new UpperDirectory(directory.Path, []))
        using (var changes = ConfinedDirectory.Open(directory.Path))
        {
            told = TexTree.Settle(upper, changes, epoch: 0);
        }

        Assert.Equal(
            ["pdftex.fmt", "tex.fmt"],
            Directory.GetFiles(directory.Path, "*", SearchOption.AllDirectories).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        // Only Knuth's own has the clock in it, and nothing that looks like one is in this one.
        Assert.StartsWith("/var/lib/texmf/web2c/tex/tex.fmt: ", Assert.Single(told), StringComparison.Ordinal);
    }
}
