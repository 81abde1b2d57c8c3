using CsCheck;
using Torchyard.Packages.Debian.Apt;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Tests.Debian.Apt;

public sealed class AptConfigurationTests
{
    private const string Sample = """
        // one
        # two
        /* three
           lines */
        Acquire::http::Proxy "http://proxy:3128";
        Acquire { Check-Date "false"; http { Timeout "5"; Proxy::deb.example.org "DIRECT"; }; };
        acquire::CHECK-VALID-UNTIL no;
        APT::Architectures { "amd64"; "i386"; };
        APT::Architectures:: "arm64";
        #include "/etc/other.conf"
        Dir "/" { Etc "etc"; }
        """;

    [Fact]
    public void All_forms_are_read()
    {
        var configuration = Read(Sample);
        Assert.Equal("http://proxy:3128", configuration["Acquire::http::Proxy"]);
        Assert.Equal("5", configuration["acquire::HTTP::timeout"]);
        Assert.Equal("DIRECT", configuration["Acquire::http::Proxy::deb.example.org"]);
        Assert.False(configuration.Switch("Acquire::Check-Date", true));
        Assert.False(configuration.Switch("Acquire::Check-Valid-Until", true));
        Assert.True(configuration.Switch("Acquire::Nothing", true));
        Assert.Equal(["amd64", "i386", "arm64"], configuration.List("APT::Architectures"));
        Assert.Equal("etc", configuration["Dir::Etc"]);
        Assert.Contains("#include", Assert.Single(configuration.Notes));
    }

    [Fact]
    public void Clear_takes_a_tree_away()
    {
        var configuration = Read(Sample + "#clear Acquire::http APT;");
        Assert.Null(configuration["Acquire::http::Proxy"]);
        Assert.Empty(configuration.List("APT::Architectures"));
        Assert.Equal("false", configuration["Acquire::Check-Date"]);
    }

    [Theory]
    [InlineData("a \"b", 1)]
    [InlineData("\n\na { b \"c\";", 3)]
    [InlineData("}", 1)]
    [InlineData("/* open", 1)]
    [InlineData("a \"b\" \n", 2)]
    public void A_break_of_the_format_names_the_line(string text, int line)
    {
        var error = Assert.Throws<TorchyardException>(() => Read(text));
        Assert.Equal("TY2010", error.Code);
        Assert.Equal(line, error.Location!.Line);
    }

    [Fact]
    public void Damaged_text_fails_only_as_expected() =>
        Gen.Select(Gen.Int[0, Sample.Length - 1], Gen.Char["{};\"/*# :a\n"])
            .Array[1, 5]
            .Sample(edits =>
            {
                var text = Sample.ToCharArray();
                foreach (var (at, value) in edits)
                {
                    text[at] = value;
                }

                try
                {
                    Read(new string(text));
                }
                catch (TorchyardException error)
                {
                    Assert.Equal("TY2010", error.Code);
                }
            });

    private static AptConfiguration Read(string text)
    {
        var configuration = new AptConfiguration();
        configuration.Read(text, "apt.conf");
        return configuration;
    }
}
