using CsCheck;
using Torchyard.Packages.Python.Versions;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Tests.Python.Versions;

public sealed class PythonVersionTests
{
    // PEP 440, "Summary of permitted suffixes and relative ordering", and the ordering list of pypa/packaging's own tests.
    private static readonly string[] Ascending =
    [
        "1.0.dev456",
        "1.0a1",
        "1.0a2.dev456",
        "1.0a12.dev456",
        "1.0a12",
        "1.0b1.dev456",
        "1.0b2",
        "1.0b2.post345.dev456",
        "1.0b2.post345",
        "1.0rc1.dev456",
        "1.0rc1",
        "1.0",
        "1.0+abc.5",
        "1.0+abc.7",
        "1.0+5",
        "1.0.post456.dev34",
        "1.0.post456",
        "1.0.15",
        "1.1.dev1",
        "1!0.0.1",
    ];

    [Fact]
    public void Order_is_that_of_the_specification()
    {
        for (var i = 0; i < Ascending.Length; i++)
        {
            for (var j = 0; j < Ascending.Length; j++)
            {
                Assert.Equal(i.CompareTo(j), Math.Sign(PythonVersion.Parse(Ascending[i]).CompareTo(PythonVersion.Parse(Ascending[j]))));
            }
        }
    }

    // PEP 440, "Normalization".
    [Theory]
    [InlineData("1.1RC1", "1.1rc1")]
    [InlineData("00001.2", "1.2")]
    [InlineData("1.1.a1", "1.1a1")]
    [InlineData("1.1-a1", "1.1a1")]
    [InlineData("1.1a.1", "1.1a1")]
    [InlineData("1.1alpha1", "1.1a1")]
    [InlineData("1.1beta2", "1.1b2")]
    [InlineData("1.1c3", "1.1rc3")]
    [InlineData("1.1pre3", "1.1rc3")]
    [InlineData("1.1preview3", "1.1rc3")]
    [InlineData("1.2a", "1.2a0")]
    [InlineData("1.2-post2", "1.2.post2")]
    [InlineData("1.2post2", "1.2.post2")]
    [InlineData("1.2.post-2", "1.2.post2")]
    [InlineData("1.0-r4", "1.0.post4")]
    [InlineData("1.0-rev4", "1.0.post4")]
    [InlineData("1.2.post", "1.2.post0")]
    [InlineData("1.0-1", "1.0.post1")]
    [InlineData("1.2-dev2", "1.2.dev2")]
    [InlineData("1.2dev", "1.2.dev0")]
    [InlineData("1.0+ubuntu-1", "1.0+ubuntu.1")]
    [InlineData("v1.0", "1.0")]
    [InlineData(" 1.0\n", "1.0")]
    [InlineData("2!1.0a1.post2.dev3+CU128", "2!1.0a1.post2.dev3+cu128")]
    [InlineData("1.0a-", "1.0a0")]
    [InlineData("1.0a--1", "1.0a0.post1")]
    public void Spellings_are_normalised(string written, string normal) => Assert.Equal(normal, PythonVersion.Parse(written).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("french toast")]
    [InlineData("1.0+a+")]
    [InlineData("1.0++")]
    [InlineData("1.0+_foobar")]
    [InlineData("1.0+foo&asd")]
    [InlineData("1.0+1+1")]
    [InlineData("1.")]
    [InlineData("1..0")]
    [InlineData("1.0.*")]
    [InlineData("1!")]
    [InlineData("1.0a1b1")]
    [InlineData("99999999999999999999999")]
    [InlineData("1.0\u0661")]
    public void What_is_no_version_is_refused(string text) => Assert.False(PythonVersion.TryParse(text, out _));

    [Fact]
    public void A_text_of_a_megabyte_is_refused_without_reading_it() =>
        Assert.False(PythonVersion.TryParse(new string('1', 1 << 20), out _));

    [Fact]
    public void Parse_names_the_text_and_the_cure()
    {
        var error = Assert.Throws<TorchyardException>(() => PythonVersion.Parse("latest"));
        Assert.Equal("TY2801", error.Code);
        Assert.Contains("'latest'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Trailing_zeros_do_not_count() =>
        VersionGen.Any.Sample(version =>
        {
            var release = version.Base.ToString();
            var longer = PythonVersion.Parse(release + ".0" + version.ToString()[release.Length..]);
            return longer == version && longer.GetHashCode() == version.GetHashCode();
        });

    [Fact]
    public void The_normal_form_reads_back_as_the_same_version() =>
        VersionGen.Any.Sample(version => PythonVersion.Parse(version.ToString()) == version);

    [Fact]
    public void The_order_is_total() =>
        Gen.Select(VersionGen.Any, VersionGen.Any, VersionGen.Any)
            .Sample(
                (a, b, c) =>
                    Math.Sign(a.CompareTo(b)) == -Math.Sign(b.CompareTo(a))
                    && (a.CompareTo(b) != 0 || a.GetHashCode() == b.GetHashCode())
                    && (!(a <= b && b <= c) || a <= c)
            );

    [Fact]
    public void Any_text_is_read_or_refused_but_never_throws() =>
        Gen.Char[" 0123456789.!+-_abcrdevpost*\u00b2\u0661"]
            .Array[0, 24]
            .Sample(text => PythonVersion.TryParse(new string(text), out _) || true);
}
