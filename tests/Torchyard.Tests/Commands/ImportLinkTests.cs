using System.Net.Sockets;

namespace Torchyard.Tests.Commands;

/// <summary>Links in what may be a clone of somebody else's project: <c>init</c> neither reads nor writes through them.</summary>
public sealed class ImportLinkTests
{
    [Fact]
    public async Task A_file_that_nobody_named_is_not_read_where_it_leads_out_of_its_directory()
    {
        using var run = new CommandRun();
        using var secret = new TemporaryDirectory();
        File.WriteAllText(Path.Combine(secret.Path, "s.yml"), "dependencies: [secretpackage]\n");
        Directory.CreateDirectory(run.PathOf("theirs"));
        File.CreateSymbolicLink(run.PathOf("theirs/environment.yml"), Path.Combine(secret.Path, "s.yml"));
        run.Write("theirs/requirements.txt", "numpy\n");

        Assert.Equal(0, await run.RunAsync("init", "--from", "theirs"));

        Assert.DoesNotContain("secretpackage", run.Output, StringComparison.Ordinal);
        Assert.Contains("environment.yml", run.Output, StringComparison.Ordinal);
        Assert.Contains("it is a link that leads out of the directory", run.Output, StringComparison.Ordinal);
        Assert.Contains("theirs/requirements.txt", await ReadAsync(run, "torchyard.toml"), StringComparison.Ordinal);

        // Whoever names it means it.
        Assert.Equal(0, await run.RunAsync("init", "--force", "--from", "theirs/environment.yml"));
        Assert.Contains("secretpackage", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_else_is_there_it_is_said_why()
    {
        using var run = new CommandRun();
        Directory.CreateDirectory(run.PathOf("theirs"));
        File.CreateSymbolicLink(run.PathOf("theirs/Dockerfile"), "/etc/passwd");

        Assert.Equal(2, await run.RunAsync("init", "--from", "theirs"));

        Assert.Contains("TY1052", run.Error, StringComparison.Ordinal);
        Assert.Contains("leads out", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_a_file_is_left_out_whatever_its_name()
    {
        using var run = new CommandRun();
        Directory.CreateDirectory(run.PathOf("theirs"));
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(run.PathOf("theirs/Dockerfile")));
        run.Write("theirs/requirements.txt", "numpy\n");

        Assert.Equal(0, await run.RunAsync("init", "--from", "theirs"));

        Assert.Contains("it is a socket", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_in_the_place_of_a_directory_leads_no_write_out()
    {
        using var run = new CommandRun();
        using var outside = new TemporaryDirectory();
        File.CreateSymbolicLink(run.PathOf(".devcontainer"), outside.Path);

        Assert.Equal(1, await run.RunAsync("init", "cpu", "--devcontainer"));

        Assert.Contains("TY9025", run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside.Path));
        Assert.False(File.Exists(run.PathOf("torchyard.toml")));
    }

    [Fact]
    public async Task A_link_that_leads_nowhere_is_a_file_that_is_there()
    {
        using var run = new CommandRun();
        File.CreateSymbolicLink(run.PathOf("torchyard.toml"), "../elsewhere.toml");
        Assert.Equal(2, await run.RunAsync("init", "cpu"));
        Assert.Contains("TY1014", run.Error, StringComparison.Ordinal);
    }

    private static Task<string> ReadAsync(CommandRun run, string name) =>
        File.ReadAllTextAsync(run.PathOf(name), TestContext.Current.CancellationToken);
}
