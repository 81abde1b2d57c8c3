using Torchyard.Flows.Access;
using Torchyard.Flows.Starting;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;

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
    [InlineData("Host *\r\n  Port 22\r\n")]
    [InlineData("\r\n# \u00fc\r\nHost *")]
    [InlineData("\n")]
    [InlineData("")]
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

    [Fact]
    public async Task An_editor_that_ends_lines_as_Windows_does_hides_nothing()
    {
        Write("Host *\n");
        await Settings.AddAsync(Cancellation);
        Write(Read().Replace("\n", "\r\n", StringComparison.Ordinal));

        Assert.True(Settings.IsIncluded);
        Assert.False(await Settings.AddAsync(Cancellation));
        Assert.True(await Settings.RemoveAsync(Cancellation));

        Assert.Equal("Host *\r\n", Read());
    }

    [Fact]
    public async Task Of_a_line_that_the_user_wrote_the_line_alone_goes()
    {
        Write($"# mine\n  {Settings.Line}\n\nHost *\n");

        Assert.True(await Settings.RemoveAsync(Cancellation));

        Assert.Equal("# mine\n\nHost *\n", Read());
    }

    [Fact]
    public async Task A_file_of_somebody_else_behind_a_link_is_not_written_and_does_not_change_its_owner()
    {
        Requires.Root("needs root, for a file of somebody else");
        var real = _test.Write("dotfiles/config", "Host *\n");
        Chown(real, 12345);
        Directory.CreateDirectory(Ssh);
        File.CreateSymbolicLink(Settings.File, real);

        var failure = await Assert.ThrowsAsync<TorchyardException>(() => Settings.AddAsync(Cancellation));

        Assert.Equal("TY4121", failure.Code);
        Assert.Equal("Host *\n", await File.ReadAllTextAsync(real, Cancellation));
        Assert.Equal(12345u, FileFacts.Find(real)!.Value.User);
    }

    [Fact]
    public async Task Mode_and_group_of_the_file_stay()
    {
        Requires.Root("needs root, for a file of another group");
        Write("Host *\n");
        File.SetUnixFileMode(Settings.File, (UnixFileMode)0b110_100_000);
        ChangeGroup(Settings.File, 12345);

        await Settings.AddAsync(Cancellation);

        var facts = FileFacts.Find(Settings.File)!.Value;
        Assert.Equal((12345u, 0b110_100_000u), (facts.Group, facts.Permissions));
    }

    // sudo -E: HOME is a user's, and so is every link in it.
    [Fact]
    public void As_root_the_file_is_not_in_the_home_of_another_user()
    {
        Requires.Root("needs root, for a home of somebody else");
        Chown(_test.Variables["HOME"], 12345);

        Assert.Equal("/root/.ssh/config", Settings.File);
    }

    [Theory]
    [InlineData("/var/lib/torchyard", "/var/lib/torchyard/*/x")]
    [InlineData("/home/a b/100%", "\"/home/a b/100?/*/x\"")]
    [InlineData("/home/ren\u00e9/\u4e2d", "/home/ren\u00e9/\u4e2d/*/x")]
    [InlineData("/x\"y'z\\[a]*${HOME}~", "\"/x?y?z?[[]a][*]?{HOME}~/*/x\"")]
    public void Nothing_of_a_path_is_read_as_anything_else(string path, string expected) =>
        Assert.Equal(expected, SshClientSettings.Pattern(path, "/*/x"));

    [Theory]
    [InlineData("plain")]
    [InlineData("a b")]
    [InlineData("ren\u00e9 \u4e2d\u6587")]
    [InlineData("\u00a0\u00d6")]
    [InlineData("100% %h")]
    [InlineData("q\"u'o")]
    [InlineData("back\\slash\\")]
    [InlineData("[a]*{b,c}?#=~$d")]
    public async Task Ssh_itself_finds_an_environment_of_a_store_with_any_name(string name)
    {
        if (HostProgram.Find("ssh") is not { } ssh)
        {
            Assert.Skip("needs ssh");
            return;
        }

        var host = _test.WithStore(Path.Combine(_test.Directory, name));
        var own = Directory.CreateDirectory(Path.Combine(host.Store.Containers, "0123")).FullName;
        var entry = new SshHostEntry
        {
            Name = "vision",
            Address = new ServiceAddress("127.0.0.9", 2222, Tls: false, BeyondLoopback: false),
            KnownHosts = Path.Combine(own, "known_hosts"),
            PrivateKey = Path.Combine(host.Store.Root, "ssh", "id_ed25519"),
            Project = "/work",
        };
        _ = entry.Write();
        var settings = new SshClientSettings(host);
        await settings.AddAsync(Cancellation);

        var said = await HostCommand.RunAsync(
            ssh,
            ["-G", "-F", settings.File, entry.Host],
            bounds: ProgramBounds.Login,
            cancellation: Cancellation
        );

        var lines = said.Output.Split('\n');
        Assert.Contains("hostname 127.0.0.9", lines);
        Assert.Contains($"userknownhostsfile {entry.KnownHosts}", lines);
        // Printed before tokens are replaced.
        Assert.Contains($"identityfile {entry.PrivateKey.Replace("%", "%%", StringComparison.Ordinal)}", lines);
        Assert.True(settings.IsIncluded);
    }

    private static void Chown(string path, uint user)
    {
        using var above = ConfinedDirectory.Open(Path.GetDirectoryName(path)!);
        above.SetOwner(Path.GetFileName(path), user, FileFacts.Find(path)!.Value.Group);
    }

    private static void ChangeGroup(string path, uint group)
    {
        using var above = ConfinedDirectory.Open(Path.GetDirectoryName(path)!);
        above.SetOwner(Path.GetFileName(path), FileFacts.Find(path)!.Value.User, group);
    }

    private void Write(string text)
    {
        Directory.CreateDirectory(Ssh);
        File.WriteAllText(Settings.File, text);
    }

    private string Read() => File.ReadAllText(Settings.File);
}
