using Torchyard.Images.Tests.Deb;
using Torchyard.Platform.Errors;

namespace Torchyard.Images.Tests.Unpacking;

/// <summary>Places that several packages want: compared with what dpkg makes of the same packages.</summary>
public sealed class SharedFilesTests
{
    [Theory]
    // Both in one layer; the replacing one in the layer above; below; in a later stage.
    [InlineData("old,new")]
    [InlineData("old|new")]
    [InlineData("new|old")]
    [InlineData("old;new")]
    [InlineData("new;old")]
    public void The_replacing_package_s_file_wins_and_the_other_s_list_loses_it(string layout) =>
        Same(
            layout,
            anyOrder: true,
            new DebBuilder("old")
                .Directory("./usr")
                .Directory("./usr/share")
                .File("./usr/share/tool", "old")
                .File("./usr/share/kept", "kept")
                .File("./usr/share/z", "z"),
            new DebBuilder("new") { Fields = "Replaces: other, old (<< 2)\n" }
                .Directory("./usr")
                .Directory("./usr/share")
                .File("./usr/share/tool", "new")
        );

    [Theory]
    [InlineData("old,new")]
    [InlineData("old|new")]
    [InlineData("new|old")]
    [InlineData("old;new")]
    [InlineData("new;old")]
    public void A_link_may_take_a_file_s_place(string layout) =>
        Same(
            layout,
            anyOrder: true,
            new DebBuilder("old").Directory("./usr").File("./usr/tool", "old").File("./usr/kept", "kept"),
            new DebBuilder("new") { Fields = "Replaces: old\n" }
                .Directory("./usr")
                .Symlink("./usr/tool", "other")
        );

    [Theory]
    [InlineData("one,other")]
    [InlineData("one|other")]
    [InlineData("one;other")]
    [InlineData("other;one")]
    public void Of_two_that_replace_each_other_the_later_one_wins(string layout) =>
        Same(
            layout,
            anyOrder: false,
            new DebBuilder("one") { Fields = "Replaces: other\n" }
                .Directory("./usr")
                .File("./usr/tool", "one")
                .File("./usr/1", "1"),
            new DebBuilder("other") { Fields = "Replaces: one\n" }
                .Directory("./usr")
                .File("./usr/tool", "other")
                .File("./usr/2", "2")
        );

    [Theory]
    [InlineData("old,new")]
    [InlineData("old|new")]
    [InlineData("new|old")]
    [InlineData("old;new")]
    // dpkg makes what is left of the old package's names a link to the new package's file.
    [InlineData("new;old")]
    public void The_first_name_of_a_hard_linked_file_is_replaced(string layout) =>
        Same(
            layout,
            anyOrder: false,
            new DebBuilder("old")
                .Directory("./usr")
                .File("./usr/a", "old", 0x1ED)
                .HardLink("./usr/b", "./usr/a")
                .HardLink("./usr/c", "./usr/a")
                .HardLink("./usr/0", "./usr/b"),
            new DebBuilder("new") { Fields = "Replaces: old\n" }
                .Directory("./usr")
                .File("./usr/a", "new")
        );

    [Theory]
    [InlineData("old,new")]
    [InlineData("old|new")]
    [InlineData("new|old")]
    [InlineData("old;new")]
    [InlineData("new;old")]
    public void A_further_name_of_a_hard_linked_file_is_replaced(string layout) =>
        Same(
            layout,
            anyOrder: true,
            new DebBuilder("old").Directory("./usr").File("./usr/a", "old").HardLink("./usr/b", "./usr/a").HardLink("./usr/c", "./usr/a"),
            new DebBuilder("new") { Fields = "Replaces: old\n" }
                .Directory("./usr")
                .File("./usr/b", "new")
        );

    [Theory]
    [InlineData("old,new")]
    [InlineData("old|new")]
    [InlineData("new|old")]
    [InlineData("old;new")]
    [InlineData("new;old")]
    public void Hard_links_take_the_places_of_hard_links(string layout) =>
        Same(
            layout,
            anyOrder: false,
            new DebBuilder("old")
                .Directory("./usr")
                .File("./usr/a", "old")
                .HardLink("./usr/b", "./usr/a")
                .HardLink("./usr/c", "./usr/a")
                .File("./usr/z", "z"),
            new DebBuilder("new") { Fields = "Replaces: old\n" }
                .Directory("./usr")
                .File("./usr/x", "new")
                .HardLink("./usr/a", "./usr/x")
                .HardLink("./usr/c", "./usr/a")
        );

    [Theory]
    [InlineData("old,new,third")]
    [InlineData("old|new|third")]
    [InlineData("new|old,third")]
    [InlineData("old,third;new")]
    public void A_file_takes_the_place_of_a_directory(string layout) =>
        Same(
            layout,
            anyOrder: false,
            new DebBuilder("old")
                .Directory("./usr")
                .Directory("./usr/d")
                .File("./usr/d/x", "x")
                .Directory("./usr/d/e")
                .File("./usr/d/e/y", "y")
                .File("./usr/kept", "kept"),
            new DebBuilder("new") { Fields = "Replaces: old, third\n" }
                .Directory("./usr")
                .File("./usr/d", "a file"),
            new DebBuilder("third").Directory("./usr").Directory("./usr/d").File("./usr/d/t", "t")
        );

    [Theory]
    [InlineData("old,new")]
    [InlineData("old|new")]
    [InlineData("new|old")]
    [InlineData("old;new")]
    public void A_directory_takes_the_place_of_a_file(string layout) =>
        Same(
            layout,
            anyOrder: false,
            new DebBuilder("old").Directory("./usr").File("./usr/d", "a file").File("./usr/kept", "kept"),
            new DebBuilder("new") { Fields = "Replaces: old\n" }
                .Directory("./usr")
                .Directory("./usr/d")
                .File("./usr/d/x", "x")
                .Directory("./usr/d/e")
        );

    [Theory]
    [InlineData("dir,link")]
    [InlineData("dir|link")]
    [InlineData("base;dir;link")]
    [InlineData("base;link|dir")]
    [InlineData("base;link;dir")]
    public void A_link_and_a_directory_need_no_Replaces(string layout) =>
        Same(
            layout,
            anyOrder: false,
            new DebBuilder("base").Directory("./usr").Directory("./usr/real").File("./usr/real/r", "r"),
            new DebBuilder("dir")
                .Directory("./usr")
                .Directory("./usr/d")
                .File("./usr/d/x", "x")
                .Directory("./usr/d/e")
                .File("./usr/d/e/y", "y"),
            new DebBuilder("link").Directory("./usr").Symlink("./usr/d", "real").File("./usr/l", "l")
        );

    [Theory]
    [InlineData("base,link;old")]
    [InlineData("base;link;old")]
    [InlineData("base,alink,old")]
    [InlineData("base,alink|old")]
    public void Files_go_where_a_link_to_a_directory_leads(string layout) =>
        Same(
            layout,
            anyOrder: false,
            new DebBuilder("base").Directory("./usr").Directory("./usr/real").File("./usr/real/r", "r").File("./usr/real/x", "not mine"),
            new DebBuilder("link").Directory("./usr").Symlink("./usr/d", "../usr/real"),
            new DebBuilder("alink").Directory("./usr").Symlink("./usr/d", "./real"),
            new DebBuilder("old")
                .Directory("./usr")
                .Directory("./usr/d")
                .File("./usr/d/x", "x")
                .HardLink("./usr/d/y", "./usr/d/x")
                .Directory("./usr/d/e")
                .File("./usr/d/e/z", "z")
        );

    [Theory]
    [InlineData("one;link,other")]
    public void A_link_to_the_same_directory_needs_no_Replaces(string layout) =>
        Same(
            layout,
            anyOrder: false,
            new DebBuilder("one").Directory("./usr").Directory("./usr/real").Symlink("./usr/d", "real").File("./usr/1", "1"),
            new DebBuilder("link").Directory("./usr").Symlink("./usr/d", "../usr/real").File("./usr/2", "2"),
            new DebBuilder("other").Directory("./usr").Symlink("./usr/d", "./real").File("./usr/3", "3")
        );

    [Theory]
    [InlineData("x,y")]
    [InlineData("x|y")]
    [InlineData("y|x")]
    [InlineData("x;y")]
    [InlineData("y;x")]
    public void Of_two_names_of_one_place_the_later_one_s_file_counts(string layout) =>
        Same(
            layout,
            anyOrder: false,
            new DebBuilder("x").Directory("./bin").File("./bin/tool", "x").Directory("./usr").File("./usr/1", "1"),
            new DebBuilder("y").Directory("./usr").Directory("./usr/bin").File("./usr/bin/tool", "y")
        );

    [Theory]
    [InlineData("old,new")]
    [InlineData("old;new")]
    [InlineData("new;old")]
    public void A_configuration_file_changes_its_owner(string layout) =>
        Same(
            layout,
            anyOrder: true,
            new DebBuilder("old").Directory("./etc").File("./etc/c", "old").File("./etc/kept", "kept").Control("conffiles", "/etc/c\n"),
            new DebBuilder("new") { Fields = "Replaces: old\n" }
                .Directory("./etc")
                .File("./etc/c", "new")
                .Control("conffiles", "/etc/c\n")
        );

    [Theory]
    [InlineData("owner,diverter")]
    [InlineData("owner|diverter")]
    [InlineData("diverter|owner")]
    [InlineData("diverter;owner")]
    public void A_diverted_file_goes_to_its_other_name(string layout) =>
        Same(
            layout,
            "/usr/bin/tool",
            anyOrder: true,
            new DebBuilder("owner")
                .Directory("./usr")
                .Directory("./usr/bin")
                .File("./usr/bin/tool", "the owner's", 0x1ED)
                .HardLink("./usr/bin/more", "./usr/bin/tool"),
            new DebBuilder("diverter")
                .Directory("./usr")
                .Directory("./usr/bin")
                .File("./usr/bin/tool", "the diverter's", 0x1ED)
                .Control("preinst", "#!/bin/true\n", 0x1ED)
        );

    [Theory]
    [InlineData("owner,diverter")]
    [InlineData("diverter|owner")]
    [InlineData("diverter;owner")]
    public void A_diverter_without_a_file_of_that_name_leaves_the_name_free(string layout) =>
        Same(
            layout,
            "/usr/bin/tool",
            anyOrder: true,
            new DebBuilder("owner").Directory("./usr").Directory("./usr/bin").File("./usr/bin/tool", "the owner's", 0x1ED),
            new DebBuilder("diverter").Directory("./usr").Directory("./usr/bin").File("./usr/bin/x", "x")
        );

    [Fact]
    public void The_other_name_of_a_diverted_file_is_nobody_s() =>
        Refused(
            "owner,taker",
            "/usr/bin/tool",
            new DebBuilder("owner").Directory("./usr").Directory("./usr/bin").File("./usr/bin/tool", "the owner's", 0x1ED),
            new DebBuilder("taker").Directory("./usr").Directory("./usr/bin").File("./usr/bin/tool.distrib", "x")
        );

    [Theory]
    [InlineData("one,other")]
    [InlineData("one|other")]
    [InlineData("other|one")]
    [InlineData("one;other")]
    public void Without_Replaces_and_diversion_it_is_refused(string layout)
    {
        var failure = Refused(
            layout,
            "",
            new DebBuilder("one") { Fields = "Replaces: other (>> 1.0)\n" }
                .Directory("./usr")
                .File("./usr/tool", "one"),
            new DebBuilder("other").Directory("./usr").File("./usr/tool", "other").Control("preinst", "#!/bin/true\n", 0x1ED)
        );

        Assert.Contains(
            "one and other",
            string.Join(" and ", failure.Message.Split(' ').Where(word => word is "one" or "other").Order()),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("new,old")]
    [InlineData("old;new")]
    public void A_file_in_the_place_of_a_directory_that_a_third_package_has_too_is_refused(string layout) =>
        Refused(
            layout + ",third",
            "",
            new DebBuilder("old").Directory("./usr").Directory("./usr/d").File("./usr/d/x", "x"),
            new DebBuilder("new") { Fields = "Replaces: old\n" }
                .Directory("./usr")
                .File("./usr/d", "a file"),
            new DebBuilder("third").Directory("./usr").Directory("./usr/d")
        );

    [Fact]
    public void A_hard_link_to_what_another_package_has_as_a_directory_is_refused() =>
        Refused(
            "new;old",
            "",
            new DebBuilder("new") { Fields = "Replaces: old\n" }
                .Directory("./usr")
                .Directory("./usr/a")
                .File("./usr/a/x", "x"),
            new DebBuilder("old").Directory("./usr").File("./usr/a", "old").HardLink("./usr/b", "./usr/a")
        );

    [Fact]
    public void One_place_under_two_names_in_one_package_is_refused()
    {
        using var comparison = new DpkgComparison();
        DebBuilder[] packages =
        [
            new DebBuilder("twice")
                .Directory("./bin")
                .File("./bin/tool", "1")
                .Directory("./usr")
                .Directory("./usr/bin")
                .File("./usr/bin/tool", "2"),
        ];

        Assert.Equal("TY3001", Assert.Throws<TorchyardException>(() => comparison.Ours("twice", packages)).Code);
        Assert.Throws<DpkgRefusal>(() => comparison.Dpkg(["twice"], packages));
    }

    [Fact]
    public void Of_two_entries_with_one_name_the_later_one_counts() =>
        Same(
            "twice",
            anyOrder: false,
            new DebBuilder("twice")
                .Directory("./usr")
                .Symlink("./usr/a", "b")
                .File("./usr/a", "second")
                .File("./usr/b", "1")
                .File("./usr/b", "2", 0x1ED)
                .Control("md5sums", "")
        );

    [Theory]
    [InlineData("first;link|dir")]
    [InlineData("first;dir|link")]
    [InlineData("first;dir,link")]
    public void A_directory_of_an_earlier_stage_keeps_its_files_where_a_link_is_unpacked(string layout) =>
        Same(
            layout,
            anyOrder: false,
            new DebBuilder("first")
                .Directory("./usr")
                .Directory("./usr/d")
                .File("./usr/d/x", "x")
                .Directory("./usr/d/e")
                .File("./usr/d/e/y", "y"),
            new DebBuilder("link").Directory("./usr").Symlink("./usr/d", "nowhere").File("./usr/l", "l"),
            new DebBuilder("dir").Directory("./usr").Directory("./usr/d").File("./usr/d/z", "z")
        );

    private static void Same(string layout, bool anyOrder, params DebBuilder[] packages) => Same(layout, "", anyOrder, packages);

    private static void Same(string layout, string diverted, bool anyOrder, params DebBuilder[] packages)
    {
        packages = [.. packages.Where(package => layout.Split('|', ',', ';').Contains(package.Name))];
        using var comparison = new DpkgComparison
        {
            Diversions = diverted.Length == 0 ? [] : [diverted, diverted + ".distrib", "diverter"],
        };
        var ours = comparison.Ours(layout, packages);
        var order = comparison.Order(layout, packages);
        Assert.Equal(Lines(comparison.Dpkg(order, packages)), Lines(ours));
        Assert.Equal(Lines(ours), Lines(comparison.Ours(layout, packages, cached: true)));
        if (anyOrder)
        {
            // But for what dpkg notes of files that did not count, which it knows or not.
            Assert.Equal(Files(comparison.Dpkg(order.AsEnumerable().Reverse(), packages)), Files(ours));
        }
    }

    private static TorchyardException Refused(string layout, string diverted, params DebBuilder[] packages)
    {
        using var comparison = new DpkgComparison
        {
            Diversions = diverted.Length == 0 ? [] : [diverted, diverted + ".distrib", "diverter"],
        };
        Assert.Throws<DpkgRefusal>(() => comparison.Dpkg(comparison.Order(layout, packages), packages));
        Assert.Equal("TY3004", Assert.Throws<TorchyardException>(() => comparison.Ours(layout, packages, cached: true)).Code);
        var failure = Assert.Throws<TorchyardException>(() => comparison.Ours(layout, packages));
        Assert.Equal("TY3004", failure.Code);
        return failure;
    }

    private static string Files(SortedDictionary<string, string> state) =>
        Lines(
            new(
                state
                    .Where(pair => pair.Key != "var/lib/dpkg/status" && !pair.Key.EndsWith(".md5sums", StringComparison.Ordinal))
                    .ToDictionary(),
                StringComparer.Ordinal
            )
        );

    private static string Lines(SortedDictionary<string, string> state) =>
        string.Join("\n", state.Select(pair => $"{pair.Key}: {pair.Value.Replace("\n", "; ", StringComparison.Ordinal)}"));
}
