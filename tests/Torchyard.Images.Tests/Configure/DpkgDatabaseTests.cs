using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Debian.Unpacking;
using Torchyard.Images.Tests.Deb;

namespace Torchyard.Images.Tests.Configure;

public sealed class DpkgDatabaseTests
{
    [Fact]
    public void A_configuration_file_that_another_package_took_over_is_obsolete()
    {
        // As in dpkg's status file after dpkg --unpack of both; another package's line of the same path stays.
        const string Status =
            "Package: new\nStatus: install ok unpacked\nConffiles:\n /etc/c 11\n\nPackage: old\nConffiles:\n /etc/b 00\n /etc/c "
            + "22\nDescription: x\n\n";

        var marked = DpkgDatabase.MarkObsolete(Status, "old", "/etc/c");

        Assert.Equal(Status.Replace(" /etc/c 22", " /etc/c 22 obsolete", StringComparison.Ordinal), marked);
        Assert.Equal(marked, DpkgDatabase.MarkObsolete(marked, "old", "/etc/c"));
        Assert.Equal(Status, DpkgDatabase.MarkObsolete(Status, "old", "/etc/other"));
    }

    [Theory]
    [InlineData("old", true)]
    [InlineData("a, old (<< 1.1) , b", true)]
    [InlineData("old (<< 1.0)", false)]
    [InlineData("old (<= 1.0)", true)]
    [InlineData("old (= 1.0)", true)]
    [InlineData("old (>= 1.0~)", true)]
    [InlineData("old (>> 1.0)", false)]
    [InlineData("old:amd64", true)]
    [InlineData("old:i386", false)]
    [InlineData("older", false)]
    [InlineData("old (", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Replaces_names_packages_and_versions(string? field, bool expected) =>
        Assert.Equal(expected, Replacement.Covers(field, DebBuilder.Locked("old", [1])));

    [Fact]
    public void The_paragraph_of_one_package_goes()
    {
        const string Status = "Package: a\nVersion: 1\n\nPackage: b\nDescription: x\n Package: a\n\nPackage: c\n\n";

        Assert.Equal("Package: b\nDescription: x\n Package: a\n\nPackage: c\n\n", DpkgDatabase.Without(Status, "a"));
        Assert.Equal("Package: a\nVersion: 1\n\nPackage: b\nDescription: x\n Package: a\n\n", DpkgDatabase.Without(Status, "c"));
        Assert.Equal(Status, DpkgDatabase.Without(Status, "d"));
    }
}
