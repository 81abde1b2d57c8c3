using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Tests.Isolation;

/// <summary>A program in a container cannot choose what the next start of it, or of another, shows.</summary>
public class MountSourceTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_source_swapped_for_a_link_from_inside_is_refused()
    {
        await using var fixture = Own.Fixture(null);
        var (project, victim) = Places(fixture);
        var request = fixture.Shell("exec 2>&1; rm -r /workspace/data; ln -s $VICTIM /workspace/data; ls -l /workspace | grep -c data") with
        {
            Environment = ["VICTIM=" + victim],
            Mounts = [Own.Bind(project, "/workspace"), Own.Bind(Path.Combine(project, "data"), "/data") with { CreateSource = true }],
            OpenToContainers = [project],
        };
        var (_, output, _) = await fixture.RunAsync(request);
        Assert.Equal("1", output);

        var error = await Assert.ThrowsAsync<TorchyardException>(() => fixture.RunAsync(request));
        Assert.Equal("TY4092", error.Code);
        Assert.Equal(["secret"], Directory.EnumerateFileSystemEntries(victim).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Where_any_container_may_write_a_link_counts_for_nothing_even_when_the_caller_does_not_say_so()
    {
        await using var fixture = Own.Fixture(null);
        var (project, victim) = Places(fixture);
        await fixture.RunAsync(fixture.Shell("exec 2>&1; true") with { Mounts = [Own.Bind(project, "/w")] });
        Directory.Delete(Path.Combine(project, "data"));
        File.CreateSymbolicLink(Path.Combine(project, "data"), victim);

        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            fixture.RunAsync(fixture.Shell("exec 2>&1; true") with { Mounts = [Own.Bind(Path.Combine(project, "data"), "/d")] })
        );
        Assert.Equal("TY4092", error.Code);
        Assert.Contains(victim, error.Cure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_order_of_mounts_and_a_container_that_is_gone_make_no_difference(bool together)
    {
        await using var fixture = Own.Fixture(null);
        var (project, victim) = Places(fixture);
        var data = Own.Bind(Path.Combine(project, "data"), "/data");
        var swap = fixture.Shell("mv /workspace/data /workspace/d2; ln -s $VICTIM /workspace/data") with
        {
            Environment = ["VICTIM=" + victim],
            Mounts = [data, Own.Bind(project, "/workspace")],
        };
        await fixture.RunAsync(swap);
        foreach (var container in await fixture.Store.ListAsync(Cancellation))
        {
            await fixture.Store.RemoveAsync(container, Cancellation);
        }

        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            fixture.RunAsync(together ? swap : fixture.Shell("true") with { Mounts = [data] })
        );
        Assert.Equal("TY4092", error.Code);
    }

    [Fact]
    public void What_is_given_an_owner_and_a_mode_is_never_reached_through_a_link()
    {
        using var directory = new TemporaryDirectory();
        var victim = Path.Combine(directory.Path, "victim");
        File.WriteAllText(victim, "");
        File.SetUnixFileMode(victim, UnixFileMode.UserRead);
        File.CreateSymbolicLink(Path.Combine(directory.Path, "link"), "victim");
        using var open = ConfinedDirectory.TryOpenReal(directory.Path, out _)!;

        Assert.False(FreshName.Give(open, "link", FileModes.Executable, null));
        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(victim));
        Assert.True(FreshName.Give(open, "victim", FileModes.Readable, null));
        Assert.Equal((UnixFileMode)FileModes.Readable, File.GetUnixFileMode(victim));
    }

    [Fact]
    public async Task A_mount_point_inside_another_mount_is_made_there_and_never_through_a_link()
    {
        await using var fixture = Own.Fixture(null);
        var (project, victim) = Places(fixture);
        var data = Directory.CreateDirectory(Path.Combine(fixture.Directory, "data")).FullName;
        var (code, _, _) = await fixture.RunAsync(
            fixture.Shell("exec 2>&1; touch /w/new/deep/x") with
            {
                Mounts = [Own.Bind(project, "/w"), Own.Bind(data, "/w/new/deep")],
            }
        );
        Assert.Equal(0, code);
        Assert.True(File.Exists(Path.Combine(data, "x")));
        Assert.True(Directory.Exists(Path.Combine(project, "new/deep")));

        File.CreateSymbolicLink(Path.Combine(project, "out"), victim);
        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            fixture.RunAsync(fixture.Shell("exec 2>&1; true") with { Mounts = [Own.Bind(project, "/w"), Own.Bind(data, "/w/out/deep")] })
        );
        Assert.Equal("TY4092", error.Code);
        Assert.False(Directory.Exists(Path.Combine(victim, "deep")));
    }

    private static (string Project, string Victim) Places(ContainerFixture fixture)
    {
        var project = Directory.CreateDirectory(Path.Combine(fixture.Directory, "project/data")).Parent!.FullName;
        var victim = Directory.CreateDirectory(Path.Combine(fixture.Directory, "victim"), (UnixFileMode)0x1C0).FullName;
        File.WriteAllText(Path.Combine(victim, "secret"), "root only");
        return (project, victim);
    }
}
