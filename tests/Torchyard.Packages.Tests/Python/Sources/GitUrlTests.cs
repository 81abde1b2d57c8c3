using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Tests.Python.Sources;

public sealed class GitUrlTests
{
    [Theory]
    [InlineData("git+https://host/o/r.git", "https://host/o/r.git", null, null)]
    [InlineData("git+https://host/o/r@v1.0#egg=x&subdirectory=a/b", "https://host/o/r", "v1.0", "a/b")]
    [InlineData("git+ssh://git@host/o/r.git@feature/x", "ssh://git@host/o/r.git", "feature/x", null)]
    [InlineData(
        "git+file:///srv/r@0123456789abcdef0123456789abcdef01234567",
        "file:///srv/r",
        "0123456789abcdef0123456789abcdef01234567",
        null
    )]
    [InlineData("git+https://user:secret@host/r@refs/pull/1/head", "https://host/r", "refs/pull/1/head", null)]
    public void Addresses_are_read_as_pip_reads_them(string text, string url, string? revision, string? subdirectory)
    {
        var source = GitUrl.Parse(text, null);
        Assert.Equal((url, revision, subdirectory, true), (source.PublicUrl, source.Revision, source.Subdirectory, source.IsGit));
    }

    [Theory]
    [InlineData("git+ext::sh -c touch% /tmp/pwned")]
    [InlineData("git+ext://host/sh")]
    [InlineData("git+--upload-pack=touch://host/r")]
    [InlineData("git+https://-oProxyCommand=x/r")]
    [InlineData("git+ssh://-oProxyCommand=touch/r")]
    [InlineData("git+ssh://-l@host/r")]
    [InlineData("git+ssh://host/-r")]
    [InlineData("git+file://host/r")]
    [InlineData("git+https://host")]
    [InlineData("git+fd://17/r")]
    [InlineData("git+https://host/r@--upload-pack=x")]
    [InlineData("git+https://host/r@-x")]
    [InlineData("git+https://host/r@a..b")]
    [InlineData("git+https://host/r@a:b")]
    [InlineData("git+https://host/r@refs/heads/*")]
    [InlineData("git+https://host/r%0a@main")]
    [InlineData("git://host/r")]
    [InlineData("hg+https://host/r")]
    [InlineData("svn+ssh://host/r")]
    public void What_could_run_programs_or_pass_for_an_option_is_refused(string text) =>
        Assert.Equal("TY2514", Assert.Throws<TorchyardException>(() => GitUrl.Parse(text, new SourceLocation("r.txt", 3, 1))).Code);

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../b")]
    [InlineData("a//b")]
    [InlineData("%2e%2e")]
    public void A_subdirectory_stays_inside(string subdirectory) =>
        Assert.Equal(
            "TY2512",
            Assert.Throws<TorchyardException>(() => GitUrl.Parse($"git+https://host/r#subdirectory={subdirectory}", null)).Code
        );
}
