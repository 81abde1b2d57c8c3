using System.Net;
using System.Net.Sockets;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.Sessions;
using Torchyard.Containers.State;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Tests.Lifecycle;

/// <summary>A start can fail at each of its steps; the processes, cgroups, mounts and directories are then as before.</summary>
public class FailedStartTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_container_that_was_made_and_not_started_is_gone_when_it_is_given_up()
    {
        await using var fixture = ContainerFixture.Create();
        var (directory, record) = await PrepareAsync(fixture, fixture.Request("sleep", "600"));
        var container = await ContainerProcess.CreateAsync(
            directory,
            SelfProgram.Current,
            ProgramRelay.Redirect,
            consoleSocket: null,
            Cancellation
        );
        Assert.True(container.Init.IsAlive);

        container.Dispose();

        Assert.False(container.Init.IsAlive);
        await fixture.Store.RemoveDirectoryAsync(directory, record, Cancellation);
        Assert.All(record.Cgroups.Values, d => Assert.False(System.IO.Directory.Exists(d)));
    }

    [Fact]
    public async Task A_port_that_another_program_took_in_between()
    {
        await using var fixture = ContainerFixture.Create();
        var (directory, record) = await PrepareAsync(
            fixture,
            fixture.Request("true") with
            {
                Network = NetworkMode.Private,
                Ports = [new PortMapping("127.0.0.1", 0, 80)],
            }
        );
        using var other = new TcpListener(IPAddress.Loopback, record.Ports[0].HostPort);
        other.Start();

        var failure = await Assert.ThrowsAsync<TorchyardException>(() => fixture.Launcher.WatchAsync(directory, record, Cancellation));

        Assert.Equal("TY4050", failure.Code);
        await NothingIsLeftAsync(fixture, record);
    }

    [Fact]
    public async Task A_caller_that_gives_up_while_it_waits()
    {
        await using var fixture = ContainerFixture.Create();
        var (directory, record) = await PrepareAsync(fixture, fixture.Request("sleep", "600"));
        using var impatience = new CancellationTokenSource(TimeSpan.FromMilliseconds(20));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fixture.Launcher.WatchAsync(directory, record, impatience.Token));

        await NothingIsLeftAsync(fixture, record);
    }

    [Theory]
    [InlineData("resolv.conf")]
    [InlineData("plan.json")]
    [InlineData("container.json")]
    [InlineData("config.json")]
    [InlineData("work")]
    public async Task A_file_of_the_container_that_is_damaged_before_its_monitor_reads_it(string name)
    {
        await using var fixture = ContainerFixture.Create();
        var (directory, record) = await PrepareAsync(fixture, fixture.Request("true"));
        var path = System.IO.Directory.EnumerateFileSystemEntries(directory.Root, name, SearchOption.AllDirectories).First();
        if (System.IO.Directory.Exists(path))
        {
            System.IO.Directory.Delete(path, recursive: true);
        }
        else
        {
            File.Delete(path);
        }

        await Assert.ThrowsAsync<TorchyardException>(() => fixture.Launcher.WatchAsync(directory, record, Cancellation));
        await NothingIsLeftAsync(fixture, record);
    }

    private static Task<(ContainerDirectory Directory, ContainerRecord Record)> PrepareAsync(
        ContainerFixture fixture,
        RunRequest request
    ) => new ContainerPreparation(fixture.Store, fixture, new MachineRuntimeSource(), fixture).PrepareAsync(request, Cancellation);

    private static async Task NothingIsLeftAsync(ContainerFixture fixture, ContainerRecord record)
    {
        Assert.All(record.Cgroups.Values, d => Assert.False(System.IO.Directory.Exists(d)));
        Assert.Empty(await fixture.Store.ListAsync(Cancellation));
        Assert.Empty(System.IO.Directory.EnumerateDirectories(fixture.Paths.Containers));
        var processes = System
            .IO.Directory.EnumerateFiles(
                "/proc",
                "cmdline",
                new EnumerationOptions
                {
                    MaxRecursionDepth = 1,
                    RecurseSubdirectories = true,
                    IgnoreInaccessible = true,
                }
            )
            .Where(f => Read(f).Contains(fixture.Paths.Containers, StringComparison.Ordinal));
        Assert.Empty(processes);
        Assert.DoesNotContain(
            fixture.Paths.Containers,
            await File.ReadAllTextAsync("/proc/self/mountinfo", Cancellation),
            StringComparison.Ordinal
        );
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return ""; // It has ended.
        }
    }
}
