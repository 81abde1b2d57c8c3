using Torchyard.Images.Tests.Deb;

namespace Torchyard.Images.Tests.Unpacking;

/// <summary>Packages whose files others have taken over: compared with dpkg, which lets them disappear.</summary>
public sealed class DisappearanceTests
{
    private static DebBuilder Old =>
        new DebBuilder("old")
            .Directory("./usr")
            .Directory("./usr/share")
            .File("./usr/share/a", "old")
            .Directory("./etc")
            .File("./etc/c", "old")
            .Control("conffiles", "/etc/c\n")
            .Control("triggers", "interest-noawait /usr/share/x\n");

    private static DebBuilder New =>
        new DebBuilder("new") { Fields = "Replaces: old\n" }
            .Directory("./usr")
            .Directory("./usr/share")
            .File("./usr/share/a", "new")
            .Directory("./etc")
            .File("./etc/c", "new")
            .Control("conffiles", "/etc/c\n")
            .File("./usr/n", "n");

    private static DebBuilder Other(string name, string fields) =>
        new DebBuilder(name) { Fields = fields }
            .Directory("./usr")
            .File("./usr/" + name, name);

    [Theory]
    [InlineData("old,new")]
    [InlineData("old|new")]
    [InlineData("new|old")]
    [InlineData("old;new")]
    public void It_goes_when_all_its_files_were_taken_over(string layout) => Gone(layout, "old for new", Old, New);

    [Fact]
    // dpkg looks only when it unpacks the next package.
    public void It_stays_when_it_is_unpacked_last() => Gone("new;old", "", Old, New);

    [Theory]
    [InlineData("new;old;other")]
    [InlineData("new;old,other")]
    public void Of_what_has_only_directories_of_others_nothing_is_left_when_the_next_package_is_unpacked(string layout) =>
        Gone(layout, "old for other", Old, New, Other("other", ""));

    [Theory]
    [InlineData("old,new")]
    [InlineData("old;new")]
    public void A_file_or_directory_of_its_own_saves_it(string layout)
    {
        Gone(layout, "", Old.File("./usr/share/kept", "kept"), New);
        Gone(layout, "", Old.Directory("./usr/lib").Directory("./usr/lib/kept"), New);
    }

    [Fact]
    public void A_third_package_may_have_the_rest() =>
        Gone(
            "old,third,new",
            "old for third",
            Old.File("./usr/t", "old"),
            New,
            new DebBuilder("third") { Fields = "Replaces: old\n" }
                .Directory("./usr")
                .File("./usr/t", "third")
        );

    [Theory]
    [InlineData("Depends: old", "")]
    [InlineData("Pre-Depends: old (>= 1.0)", "")]
    [InlineData("Recommends: nothing | old", "")]
    [InlineData("Recommends: old (>= 2)", "")]
    [InlineData("Depends: virtual", "")]
    [InlineData("Suggests: old", "old for new")]
    [InlineData("Depends: old | other", "old for new")]
    [InlineData("Depends: old | both", "old for new")]
    [InlineData("Depends: old (>= 1) | both (>= 2)", "")]
    [InlineData("Depends: both", "old for new")]
    public void What_another_package_needs_stays(string field, string expected) =>
        Gone(
            "old,needs,other;new",
            expected,
            With(Old, "Provides: virtual, both\n"),
            With(New, "Replaces: old\nProvides: both (= 1)\n"),
            Other("needs", field + "\n"),
            Other("other", "")
        );

    [Fact]
    public void A_package_without_files_stays() => Gone("empty,new", "", new DebBuilder("empty"), New);

    [Fact]
    public void It_disappears_once_and_takes_no_other_with_it() =>
        Gone(
            "old,twin;new",
            "old for new",
            Old,
            New,
            new DebBuilder("twin").Directory("./usr").Directory("./usr/share").Directory("./usr/twin")
        );

    private static DebBuilder With(DebBuilder package, string fields)
    {
        package.Fields = fields;
        return package;
    }

    private static void Gone(string layout, string expected, params DebBuilder[] packages)
    {
        using var comparison = new DpkgComparison();
        var ours = comparison.Ours(layout, packages);
        Assert.Equal(expected, string.Join(", ", comparison.Gone));
        Assert.Equal(Lines(comparison.Dpkg(comparison.Order(layout, packages), packages)), Lines(ours));
        Assert.Equal(Lines(ours), Lines(comparison.Ours(layout, packages, cached: true)));
    }

    private static string Lines(SortedDictionary<string, string> state) =>
        string.Join("\n", state.Select(pair => $"{pair.Key}: {pair.Value}"));
}
