using Torchyard.Containers.Runtimes;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Tests.Isolation;

/// <summary>An image that has links and special files where mounts go reaches nothing of the machine, under any runtime.</summary>
public class HostileImageTests
{
    private static readonly string[] Reserved = ["dev", "proc", "sys", "etc", "run", "tmp"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<OciRuntimeKind, string, string> Plants()
    {
        var data = new TheoryData<OciRuntimeKind, string, string>();
        foreach (var kind in new[] { OciRuntimeKind.Crun, OciRuntimeKind.Runc })
        {
            foreach (var name in Reserved)
            {
                data.Add(kind, name, "VICTIM");
                data.Add(kind, name, "../../../../../../../../../../VICTIM");
                data.Add(kind, name, "/proc/self/root/VICTIM");
            }

            data.Add(kind, "dev", "fifo");
            data.Add(kind, "dev", "file");
            data.Add(kind, "dev", "loop");
            data.Add(kind, "etc", "file");
            data.Add(kind, "run", "loop");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Plants))]
    public async Task A_directory_of_mounts_that_is_something_else_becomes_a_directory(OciRuntimeKind kind, string name, string what)
    {
        await using var fixture = Own.Fixture(kind);
        var victim = Directory.CreateDirectory(Path.Combine(fixture.Directory, "victim")).FullName;
        File.WriteAllText(Path.Combine(victim, "ptmx"), "keep");
        // The same path in the image: runtimes resolve the link there first.
        Directory.CreateDirectory(fixture.Layer + victim);
        Replace(
            Path.Combine(fixture.Layer, name),
            what.Replace("/VICTIM", victim, StringComparison.Ordinal).Replace("VICTIM", victim, StringComparison.Ordinal)
        );

        var (code, output, _) = await fixture.RunAsync(
            fixture.Shell(
                "exec 2>&1; test -c /dev/null && test -d /proc/self && test -d /sys/class && test -d /run/torchyard && test -f "
                    + "/etc/hosts && touch /tmp/x && echo fine"
            ) with
            {
                User = "0:0",
            }
        );

        Assert.Equal("fine", output);
        Assert.Equal(0, code);
        Assert.Equal(["ptmx"], Directory.EnumerateFileSystemEntries(victim).Select(Path.GetFileName));
        Assert.Equal("keep", File.ReadAllText(Path.Combine(victim, "ptmx")));
    }

    [Theory]
    [InlineData(OciRuntimeKind.Crun, "etc/hosts")]
    [InlineData(OciRuntimeKind.Crun, "etc/resolv.conf")]
    [InlineData(OciRuntimeKind.Runc, "etc/hosts")]
    [InlineData(OciRuntimeKind.Runc, "etc/hostname")]
    public async Task A_link_at_a_file_of_ours_is_replaced(OciRuntimeKind kind, string name)
    {
        await using var fixture = Own.Fixture(kind);
        var victim = Path.Combine(fixture.Directory, "victim");
        Replace(Path.Combine(fixture.Layer, name), victim);
        Directory.CreateDirectory(fixture.Layer + fixture.Directory);

        var (_, output, _) = await fixture.RunAsync(fixture.Shell($"exec 2>&1; test -L /{name} || echo real; ls {victim}"));

        Assert.Contains("real", output, StringComparison.Ordinal);
        Assert.False(Path.Exists(victim));
    }

    [Theory]
    [InlineData(OciRuntimeKind.Crun)]
    [InlineData(OciRuntimeKind.Runc)]
    public async Task A_target_through_a_link_of_the_image_stays_in_the_image(OciRuntimeKind kind)
    {
        await using var fixture = Own.Fixture(kind);
        var victim = Directory.CreateDirectory(Path.Combine(fixture.Directory, "victim")).FullName;
        var data = Directory.CreateDirectory(Path.Combine(fixture.Directory, "data")).FullName;
        Directory.CreateDirectory(fixture.Layer + victim);
        File.CreateSymbolicLink(Path.Combine(fixture.Layer, "mnt"), victim);
        var (code, output, _) = await fixture.RunAsync(
            fixture.Shell($"exec 2>&1; touch /mnt/deep/x && ls {victim}/deep") with
            {
                Mounts = [Own.Bind(data, "/mnt/deep")],
            }
        );

        Assert.Equal((0, "x"), (code, output));
        Assert.True(File.Exists(Path.Combine(data, "x")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(victim));
    }

    [Theory]
    [InlineData("mnt", "fifo", "/mnt/deep")]
    [InlineData("mnt", "file", "/mnt/deep")]
    [InlineData("mnt", "loop", "/mnt/deep")]
    [InlineData("mnt", "/nowhere/at/all", "/mnt/deep")]
    [InlineData("mnt", "/", "/mnt")]
    [InlineData("mnt", "file", "/mnt")]
    public async Task A_target_that_cannot_be_is_refused_before_the_runtime_sees_it(string name, string what, string target)
    {
        await using var fixture = Own.Fixture(null);
        Replace(Path.Combine(fixture.Layer, name), what);
        var data = Directory.CreateDirectory(Path.Combine(fixture.Directory, "data")).FullName;

        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            fixture.RunAsync(fixture.Shell("exec 2>&1; true") with { Mounts = [Own.Bind(data, target)] })
        );
        Assert.True(error.Code == "TY4093", $"{error.Code}: {error.Message}");
        Assert.Contains("/mnt", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_node_of_an_image_is_no_device()
    {
        await using var fixture = Own.Fixture(null);
        await Torchyard.Platform.Processes.HostCommand.RunAsync(
            Torchyard.Platform.Processes.HostProgram.Require("mknod"),
            ["-m", "666", Path.Combine(fixture.Layer, "disk"), "c", "1", "5"],
            cancellation: Cancellation
        );
        var (code, output, _) = await fixture.RunAsync(fixture.Shell("exec 2>&1; head -c 1 /disk | wc -c") with { User = "0" });

        Assert.Contains("Permission denied", output, StringComparison.Ordinal);
        Assert.EndsWith("0", output, StringComparison.Ordinal);
        Assert.Equal(0, code);
    }

    private static void Replace(string path, string what)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
        else
        {
            File.Delete(path);
        }

        switch (what)
        {
            case "fifo":
                using (var made = System.Diagnostics.Process.Start("/usr/bin/mkfifo", path))
                {
                    made.WaitForExit();
                }

                break;
            case "file":
                File.WriteAllText(path, "");
                break;
            default:
                File.CreateSymbolicLink(path, what == "loop" ? Path.GetFileName(path) : what);
                break;
        }
    }
}
