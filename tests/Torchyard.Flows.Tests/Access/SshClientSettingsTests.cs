using Torchyard.Flows.Access;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Tests.Access;

public sealed class SshClientSettingsTests : IDisposable
{
    private readonly TestHost _test = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private SshClientSettings Settings => new(_test.Host);

    private string Ssh => Path.Combine(_test.Variables["HOME"], ".ssh");

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task The_line_stands_before_everything_else_and_only_once()
    {
        Write("# mine \u00fc\nHost *\n  Port 22\n");

        Assert.True(await Settings.AddAsync(Cancellation));
        Assert.False(await Settings.AddAsync(Cancellation));

        var lines = Read().Split('\n');
        Assert.StartsWith("# Torchyard", lines[0], StringComparison.Ordinal);
        Assert.Equal([Settings.Line, "", "# mine \u00fc", "Host *", "  Port 22", ""], lines[1..]);
        Assert.True(Settings.IsIncluded);
    }

    [Theory]
    [InlineData("Host *\n  Port 22\n")]
    [InlineData("\n\nHost *\n  Port 22")]
    [InlineData("Include other\n\n\nHost x\n")]
    public async Task Taken_out_again_the_file_is_as_it_was(string before)
    {
        Write(before);

        await Settings.AddAsync(Cancellation);
        Assert.True(await Settings.RemoveAsync(Cancellation));

        Assert.Equal(before, Read());
        Assert.False(await Settings.RemoveAsync(Cancellation));
    }

    [Fact]
    public async Task A_file_that_was_made_for_the_line_is_private_and_goes_with_it()
    {
        await Settings.AddAsync(Cancellation);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Settings.File));
        Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(Ssh));

        await Settings.RemoveAsync(Cancellation);
        Assert.False(File.Exists(Settings.File));
    }

    [Fact]
    public async Task A_link_into_a_directory_of_settings_stays_one()
    {
        var real = _test.Write("dotfiles/config", "Host *\n");
        File.SetUnixFileMode(real, (UnixFileMode)0b110_100_100);
        Directory.CreateDirectory(Ssh);
        File.CreateSymbolicLink(Settings.File, real);

        await Settings.AddAsync(Cancellation);

        Assert.Equal(real, new FileInfo(Settings.File).LinkTarget);
        Assert.Contains(Settings.Line, await File.ReadAllTextAsync(real, Cancellation), StringComparison.Ordinal);
        Assert.Equal((UnixFileMode)0b110_100_100, File.GetUnixFileMode(real));
    }

    [Fact]
    public async Task What_is_no_file_is_left_alone_and_the_line_is_told()
    {
        Directory.CreateDirectory(Settings.File);

        var failure = await Assert.ThrowsAsync<TorchyardException>(() => Settings.AddAsync(Cancellation));

        Assert.Equal("TY4121", failure.Code);
        Assert.Contains(Settings.Line, failure.Cure, StringComparison.Ordinal);
        Assert.False(Settings.IsIncluded);
    }

    [Theory]
    [InlineData("/var/lib/torchyard", "/var/lib/torchyard")]
    [InlineData("/home/a b/100%", "/home/a?b/100?")]
    [InlineData("/x\"y'z\\[a]${HOME}~", "/x?y?z??a???HOME??")]
    public void Nothing_of_a_path_is_read_as_anything_else(string path, string expected) =>
        Assert.Equal(expected, SshClientSettings.Pattern(path));

    private void Write(string text)
    {
        Directory.CreateDirectory(Ssh);
        File.WriteAllText(Settings.File, text);
    }

    private string Read() => File.ReadAllText(Settings.File);
}
