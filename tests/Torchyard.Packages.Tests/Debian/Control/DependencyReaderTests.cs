using System.Text;
using CsCheck;
using Torchyard.Packages.Debian.Control;
using Torchyard.Packages.Debian.Versions;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Tests.Debian.Control;

public sealed class DependencyReaderTests
{
    [Fact]
    public void All_parts_of_an_alternative_are_read()
    {
        var reader = new DependencyReader("a:any (>= 1:2-3~) [amd64 !i386] <!nocheck> <stage1 cross> | b,\n c ( << 2 )"u8);
        Assert.True(reader.Next());
        Assert.Equal("a", Encoding.UTF8.GetString(reader.Name));
        Assert.Equal("any", Encoding.UTF8.GetString(reader.Qualifier));
        Assert.Equal(VersionRelation.LaterOrEqual, reader.Relation);
        Assert.Equal("1:2-3~", Encoding.UTF8.GetString(reader.Version));
        Assert.Equal("amd64 !i386", Encoding.UTF8.GetString(reader.Architectures));
        Assert.Equal("<!nocheck> <stage1 cross>", Encoding.UTF8.GetString(reader.Profiles));
        Assert.True(reader.OrNext);
        Assert.True(reader.Next());
        Assert.Equal("b", Encoding.UTF8.GetString(reader.Name));
        Assert.Equal(VersionRelation.Any, reader.Relation);
        Assert.False(reader.OrNext);
        Assert.True(reader.Next());
        Assert.Equal("c", Encoding.UTF8.GetString(reader.Name));
        Assert.Equal("2", Encoding.UTF8.GetString(reader.Version));
        Assert.False(reader.Next());
    }

    [Theory]
    [InlineData("a [amd64]", true)]
    [InlineData("a [i386 arm64]", false)]
    [InlineData("a [!i386]", true)]
    [InlineData("a [!amd64]", false)]
    [InlineData("a [linux-any]", true)]
    [InlineData("a [any-amd64]", true)]
    [InlineData("a <!nocheck>", true)]
    [InlineData("a <stage1>", false)]
    [InlineData("a <stage1> <!cross>", true)]
    [InlineData("a <!nocheck stage1>", false)]
    [InlineData("a", true)]
    public void Restrictions(string field, bool applies)
    {
        var reader = new DependencyReader(Encoding.UTF8.GetBytes(field));
        Assert.True(reader.Next());
        Assert.Equal(applies, reader.AppliesTo("amd64"u8));
    }

    [Theory]
    [InlineData("a |")]
    [InlineData("| a")]
    [InlineData("a (>= )")]
    [InlineData("a (1)")]
    [InlineData("a (>= 1")]
    [InlineData("a b")]
    [InlineData("a [amd64")]
    [InlineData("a <x")]
    [InlineData("a:")]
    [InlineData("(>= 1)")]
    public void Broken_fields_are_refused(string field) =>
        Assert.Equal("TY2003", Assert.Throws<TorchyardException>(() => Count(field)).Code);

    [Theory]
    [InlineData("", 0)]
    [InlineData(" , a, ,b , ", 2)]
    [InlineData("a|b|c", 3)]
    [InlineData("a(>=1)", 1)]
    public void Sloppy_fields_are_read_as_dpkg_reads_them(string field, int count) => Assert.Equal(count, Count(field));

    [Fact]
    public void Any_text_ends_in_alternatives_or_in_a_refusal() =>
        Gen.Char["ab:.(<>=)[]!|, \n19~-"]
            .Array[0, 30]
            .Sample(chars =>
            {
                try
                {
                    Count(new string(chars));
                }
                catch (TorchyardException error)
                {
                    Assert.Equal("TY2003", error.Code);
                }
            });

    private static int Count(string field)
    {
        var reader = new DependencyReader(Encoding.UTF8.GetBytes(field));
        var count = 0;
        while (reader.Next())
        {
            count++;
        }

        return count;
    }
}
