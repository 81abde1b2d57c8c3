using System.Globalization;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Builds;

/// <summary>A store on a file system that is too small, and grows.</summary>
public sealed class FullDiskTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_disk_is_told_with_its_cure_the_store_stays_sound_and_with_room_the_work_is_finished()
    {
        Requires.Root("mounting a small file system needs root");
        await using var store = await TestStore.RequireAsync(Cancellation);
        var project = store.NewProject("crowded");
        (await store.RunAsync(project, ["init", "minimal"], Cancellation)).Succeeded();
        (await store.RunAsync(project, ["lock"], Cancellation)).Succeeded();
        (
            await HostProgram.RunAsync(
                HostProgram.Require("mount"),
                ["-t", "tmpfs", "-o", "size=20m", "torchyard-test", store.Store],
                Cancellation
            )
        ).Succeeded();
        try
        {
            // While it fetches; while it unpacks, which may be while others are fetched; while dpkg runs or layers are packed. The packages
            // have 39 MB, unpacked 147 MB.
            foreach (var (size, codes) in new[] { (20, "TY2052"), (100, "TY2052|TY3005"), (220, "TY3005") })
            {
                await ResizeAsync(store, size);
                var build = await store.RunAsync(project, ["build"], Cancellation);
                build.Ended(1);
                Assert.Matches($"error ({codes}): ", build.Error);
                Assert.Contains("cure: free ", build.Error, StringComparison.Ordinal);
                (await store.RunAsync(project, ["check"], Cancellation)).Succeeded().Printed("the store is sound");
            }

            await ResizeAsync(store, 600);
            (await store.RunAsync(project, ["build"], Cancellation)).Succeeded();
            (await store.RunAsync(project, ["run", "--rm", "crowded", "bash", "-c", "echo $((6 * 7))"], Cancellation))
                .Succeeded()
                .Printed("42");
        }
        finally
        {
            await HostProgram.RunAsync("umount", ["--lazy", store.Store], CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_disk_without_inodes_is_told_as_that_and_not_as_one_without_space()
    {
        Requires.Root("mounting a small file system needs root");
        await using var store = await TestStore.RequireAsync(Cancellation);
        var project = store.NewProject("crowded");
        (await store.RunAsync(project, ["init", "minimal"], Cancellation)).Succeeded();
        (await store.RunAsync(project, ["lock"], Cancellation)).Succeeded();
        (
            await HostProgram.RunAsync(
                HostProgram.Require("mount"),
                ["-t", "tmpfs", "-o", "size=2g,nr_inodes=3000", "torchyard-test", store.Store],
                Cancellation
            )
        ).Succeeded();
        try
        {
            var build = (await store.RunAsync(project, ["build"], Cancellation)).Ended(1);
            Assert.Contains("no inodes (each file and directory takes one) left", build.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("no space", build.Error, StringComparison.Ordinal);
        }
        finally
        {
            await HostProgram.RunAsync("umount", ["--lazy", store.Store], CancellationToken.None);
        }
    }

    private static async Task ResizeAsync(TestStore store, int megabytes) =>
        (
            await HostProgram.RunAsync(
                "mount",
                ["-o", string.Create(CultureInfo.InvariantCulture, $"remount,size={megabytes}m"), store.Store],
                Cancellation
            )
        ).Succeeded();
}
