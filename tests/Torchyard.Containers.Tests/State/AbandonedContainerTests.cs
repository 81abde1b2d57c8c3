using System.Diagnostics;
using System.Globalization;
using Torchyard.Containers.State;

namespace Torchyard.Containers.Tests.State;

/// <summary>What a maker leaves that was killed after the runtime had made the container and before it wrote that down.</summary>
public sealed class AbandonedContainerTests : IAsyncDisposable
{
    private readonly ContainerFixture _fixture = ContainerFixture.Create();
    private readonly Process _program = Process.Start("sleep", "600");

    public async ValueTask DisposeAsync()
    {
        _program.Kill();
        _program.Dispose();
        await _fixture.DisposeAsync();
    }

    [Fact]
    public async Task Its_program_is_killed_with_it()
    {
        var directory = Abandon();

        Assert.Empty(await _fixture.Store.ListAsync(TestContext.Current.CancellationToken));

        Assert.True(_program.WaitForExit(TimeSpan.FromSeconds(30)));
        Assert.False(Directory.Exists(directory.Root));
    }

    [Fact]
    public async Task A_later_process_with_its_number_is_left_alone()
    {
        var directory = Abandon();
        // As after a reboot: the number was written down long before the process that has it now began.
        File.SetLastWriteTimeUtc(directory.PidFile, DateTime.UtcNow.AddMinutes(-10));

        Assert.Empty(await _fixture.Store.ListAsync(TestContext.Current.CancellationToken));

        Assert.NotNull(ProcessIdentity.Of(_program.Id));
        Assert.False(Directory.Exists(directory.Root));
    }

    private ContainerDirectory Abandon()
    {
        var directory = new ContainerDirectory(Path.Combine(_fixture.Paths.Containers, ContainerId.New()));
        Directory.CreateDirectory(directory.Root);
        directory.Write(new ContainerState { Status = ContainerStatus.Created, Monitor = new ProcessIdentity(_program.Id, 1) });
        File.WriteAllText(directory.PidFile, _program.Id.ToString(CultureInfo.InvariantCulture) + "\n");
        return directory;
    }
}
