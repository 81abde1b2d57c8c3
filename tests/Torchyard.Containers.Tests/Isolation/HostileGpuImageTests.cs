using Torchyard.Containers.Gpus;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Tests.Isolation;

/// <summary>
/// Images that plant something where the driver is mounted, as CVE-2024-0132 and CVE-2025-23359 did: the driver of the machine is what is
/// mounted, where it belongs, and nothing of the machine is written or shown.
/// </summary>
public class HostileGpuImageTests
{
    private const string Driver = "/usr/local/nvidia";
    private const string Library = Driver + "/lib64/libcuda.so.1";

    /// <summary>Where something is planted, and what: a link's target, or a kind of file. VICTIM is a directory of the machine.</summary>
    public static TheoryData<OciRuntimeKind, string, string> Plants()
    {
        var data = new TheoryData<OciRuntimeKind, string, string>();
        foreach (var at in new[] { Driver, Driver + "/lib64" })
        {
            foreach (
                var what in new[]
                {
                    "VICTIM",
                    "../../../../../../../../VICTIM",
                    "/proc/1/root/VICTIM",
                    "/proc/self/root",
                    "/etc",
                    "loop",
                    "nowhere",
                    "fifo",
                    "file",
                    "chain",
                }
            )
            {
                data.Add(OciRuntimeKind.Crun, at, what);
            }

            data.Add(OciRuntimeKind.Runc, at, "VICTIM");
            data.Add(OciRuntimeKind.Runc, at, "chain");
        }

        foreach (var at in new[] { Library, "/etc/ld.so.cache", "/run/nvidia-persistenced/socket" })
        {
            foreach (
                var what in new[]
                {
                    "VICTIM/planted",
                    "VICTIM/kept",
                    "../../../../../../../../../VICTIM/planted",
                    "/proc/self/root/VICTIM/kept",
                    "/proc/self/mem",
                    "/etc/passwd",
                    "loop",
                    "fifo",
                    "device",
                    "chain",
                }
            )
            {
                data.Add(OciRuntimeKind.Crun, at, what);
            }

            data.Add(OciRuntimeKind.Runc, at, "VICTIM/planted");
            data.Add(OciRuntimeKind.Runc, at, "fifo");
        }

        foreach (
            var at in new[]
            {
                Driver + "/bin",
                "/dev/nvidia0",
                "/dev/nvidiactl",
                "/etc/ld.so.conf",
                "/etc/ld.so.conf.d",
                "/etc/ld.so.preload",
                "/run/torchyard",
                "/var/log/torchyard",
            }
        )
        {
            data.Add(OciRuntimeKind.Crun, at, "VICTIM");
            data.Add(OciRuntimeKind.Crun, at, "fifo");
            data.Add(OciRuntimeKind.Runc, at, "/proc/self/root/VICTIM");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Plants))]
    public async Task What_is_planted_where_the_driver_goes_is_replaced_and_not_followed(OciRuntimeKind kind, string at, string what)
    {
        await using var fixture = Own.Fixture(kind);
        var victim = Victim(fixture);
        Plant(fixture.Layer, at, what, victim);

        var (code, output, _) = await fixture.RunAsync(
            fixture.Shell(
                $"cat {Library} {Driver}/lib64/libcuda.so.580.1 {Driver}/bin/nvidia-smi /etc/ld.so.cache; echo here "
                    + $">/run/nvidia-persistenced/socket; echo x >/dev/nvidia0; test -c /dev/nvidiactl; echo $?; ls -A {victim}"
            ) with
            {
                Gpus = Injection(fixture),
                User = "0",
            }
        );

        Assert.True("the library\nthe library\nthe program\nthe cache\n0\nkept" == output, output);
        Assert.Equal(0, code);
        Unchanged(fixture, victim);
    }

    [Theory]
    [InlineData("fifo")]
    [InlineData("/proc/self/root/VICTIM")]
    public async Task What_is_planted_above_a_socket_of_the_driver_and_is_no_directory_of_the_image_is_refused(string what)
    {
        await using var fixture = Own.Fixture(null);
        var victim = Victim(fixture);
        Plant(fixture.Layer, "/run/nvidia-persistenced", what, victim);

        var error = await Assert.ThrowsAsync<Torchyard.Platform.Errors.TorchyardException>(() =>
            fixture.RunAsync(fixture.Shell("true") with { Gpus = Injection(fixture) })
        );

        Assert.Equal("TY4093", error.Code);
        Unchanged(fixture, victim);
    }

    [Theory]
    [InlineData(OciRuntimeKind.Crun)]
    [InlineData(OciRuntimeKind.Runc)]
    public async Task Libraries_of_the_drivers_names_in_the_image_are_covered(OciRuntimeKind kind)
    {
        await using var fixture = Own.Fixture(kind);
        var victim = Victim(fixture);
        foreach (var file in new[] { Library, Driver + "/lib64/libcuda.so.580.1", Driver + "/bin/nvidia-smi", "/etc/ld.so.cache" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(fixture.Layer + file)!);
            File.WriteAllText(fixture.Layer + file, "the image's\n");
        }

        var (_, output, _) = await fixture.RunAsync(
            fixture.Shell(
                "exec 2>&1; "
                    + $"cat {Library} {Driver}/lib64/libcuda.so.580.1 {Driver}/bin/nvidia-smi /etc/ld.so.cache; "
                    + $"echo x >{Library} || echo no"
            ) with
            {
                Gpus = Injection(fixture),
                User = "0",
            }
        );

        Assert.StartsWith("the library\nthe library\nthe program\nthe cache\n", output, StringComparison.Ordinal);
        Assert.EndsWith("no", output, StringComparison.Ordinal);
        Unchanged(fixture, victim);
    }

    [Fact]
    public async Task A_directory_where_a_library_goes_is_refused_before_the_runtime_sees_it()
    {
        await using var fixture = Own.Fixture(null);
        Directory.CreateDirectory(fixture.Layer + Library + "/deep");
        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            fixture.RunAsync(fixture.Shell("true") with { Gpus = Injection(fixture) })
        );
        Assert.Equal("TY4093", error.Code);
    }

    [Theory]
    [InlineData("/usr/local")]
    [InlineData("/etc")]
    [InlineData("/run")]
    public async Task A_mount_of_the_users_over_the_driver_leaves_no_way_through_links_of_the_image(string target)
    {
        await using var fixture = Own.Fixture(null);
        var victim = Victim(fixture);
        var mine = Directory.CreateDirectory(Path.Combine(fixture.Directory, "mine")).FullName;
        Plant(fixture.Layer, Driver, "VICTIM", victim);
        Plant(fixture.Layer, "/etc/ld.so.cache", "VICTIM/planted", victim);

        var (code, output, _) = await fixture.RunAsync(
            fixture.Shell($"ls -A {target}; echo end") with
            {
                Gpus = Injection(fixture),
                Mounts = [Own.Bind(mine, target)],
            }
        );

        Assert.Equal((0, "end"), (code, output));
        Assert.Empty(Directory.EnumerateFileSystemEntries(mine));
        Unchanged(fixture, victim);
    }

    [Theory]
    [InlineData("/proc/sys")]
    [InlineData("/sys/fs")]
    [InlineData("/dev/shm")]
    public async Task A_link_of_the_image_does_not_lead_a_mount_into_a_file_system_of_the_kernel(string into)
    {
        await using var fixture = Own.Fixture(null);
        var data = Directory.CreateDirectory(Path.Combine(fixture.Directory, "data")).FullName;
        Directory.CreateDirectory(fixture.Layer + into);
        File.CreateSymbolicLink(Path.Combine(fixture.Layer, "mnt"), into);
        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            fixture.RunAsync(fixture.Shell("true") with { Mounts = [Own.Bind(data, "/mnt")] })
        );
        Assert.Equal("TY4093", error.Code);
    }

    /// <summary>
    /// CVE-2025-23266: a hook on the machine ran with the image's LD_PRELOAD. There is no hook, and nothing of an image makes one.
    /// </summary>
    [Theory]
    [InlineData(OciRuntimeKind.Crun)]
    [InlineData(OciRuntimeKind.Runc)]
    public async Task The_variables_and_labels_of_an_image_reach_no_program_of_the_machine(OciRuntimeKind kind)
    {
        await using var fixture = Own.Fixture(kind);
        Assert.SkipUnless(File.Exists("/usr/bin/gcc"), "needs gcc");
        var marker = Path.Combine(fixture.Directory, "marker");
        var library = Path.Combine(fixture.Directory, "evil.so");
        var source = Path.Combine(fixture.Directory, "evil.c");
        await File.WriteAllTextAsync(
            source,
            $"#include <fcntl.h>\n__attribute__((constructor)) static void start(void) {{ open(\"{marker}\", O_CREAT | O_WRONLY, 0666); "
                + $"}}\n",
            TestContext.Current.CancellationToken
        );
        using (var compiler = System.Diagnostics.Process.Start("/usr/bin/gcc", ["-shared", "-fPIC", "-o", library, source]))
        {
            await compiler.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.True(File.Exists(library));
        // The library lies at the same path on the machine and in the image: whoever takes the variable seriously on the machine loads it.
        Directory.CreateDirectory(fixture.Layer + fixture.Directory);
        File.Copy(library, fixture.Layer + library);
        File.WriteAllText(fixture.Layer + "/etc/ld.so.preload", library);
        var bin = Directory.CreateDirectory(Path.Combine(fixture.Directory, "bin")).FullName;
        foreach (var name in new[] { "crun", "runc", "ldconfig", "nvidia-ctk", "nvidia-container-cli", "unshare", "nsenter" })
        {
            File.WriteAllText(Path.Combine(bin, name), $"#!/bin/sh\ntouch {marker}\n");
            File.SetUnixFileMode(Path.Combine(bin, name), (UnixFileMode)0x1ED);
        }

        var request = fixture.Shell("echo fine");
        request = request with
        {
            Gpus = Injection(fixture),
            Labels = new Dictionary<string, string>
            {
                ["run.oci.handler"] = "krun",
                ["run.oci.hooks.stdout"] = marker,
                ["run.oci.keep_original_groups"] = "1",
                ["org.systemd.property.ExecStop"] = "touch " + marker,
            },
            Image = request.Image with
            {
                Config = request.Image.Config with
                {
                    Env =
                    [
                        $"PATH={bin}:/bin",
                        $"LD_PRELOAD={library}",
                        $"LD_AUDIT={library}",
                        $"LD_LIBRARY_PATH={fixture.Directory}",
                        "NVIDIA_VISIBLE_DEVICES=all",
                        "NVIDIA_DRIVER_CAPABILITIES=all",
                        $"GCONV_PATH={fixture.Directory}",
                        $"BASH_ENV={bin}/crun",
                        "CUDA_MPS_PIPE_DIRECTORY=/etc",
                        "TORCHYARD_SUPERVISOR=" + bin + "/crun",
                    ],
                },
            },
        };
        var session = await fixture.Launcher.StartAsync(request, TestContext.Current.CancellationToken);
        var configuration = File.ReadAllText(Path.Combine(fixture.Paths.Containers, session.Record.Id, "config.json"));
        Assert.Equal(0, await session.WaitAsync(TestContext.Current.CancellationToken));

        Assert.EndsWith("fine", await ContainerFixture.LogAsync(session), StringComparison.Ordinal);
        Assert.False(File.Exists(marker), "something of the image ran on the machine");
        Assert.DoesNotContain("\"hooks\"", configuration, StringComparison.Ordinal);
        Assert.DoesNotContain("run.oci.handler", configuration, StringComparison.Ordinal);
        Assert.DoesNotContain("org.systemd", configuration, StringComparison.Ordinal);
    }

    private static string Victim(ContainerFixture fixture)
    {
        var victim = Directory.CreateDirectory(Path.Combine(fixture.Directory, "victim")).FullName;
        File.WriteAllText(Path.Combine(victim, "kept"), "keep");
        // The same path in the image: a runtime resolves the link there first.
        Directory.CreateDirectory(fixture.Layer + victim);
        File.WriteAllText(fixture.Layer + victim + "/kept", "the image's");
        return victim;
    }

    private static void Unchanged(ContainerFixture fixture, string victim)
    {
        Assert.Equal(["kept"], Directory.EnumerateFileSystemEntries(victim).Select(Path.GetFileName));
        Assert.Equal("keep", File.ReadAllText(Path.Combine(victim, "kept")));
        var host = Path.Combine(fixture.Directory, "host");
        Assert.Equal("the library\n", File.ReadAllText(Path.Combine(host, "libcuda.so.580.1")));
        Assert.Equal("the cache\n", File.ReadAllText(Path.Combine(host, "cache")));
        Assert.False(Path.Exists("/run/nvidia-persistenced"));
    }

    /// <summary>A driver of plain files, and the null device under NVIDIA's names.</summary>
    private static GpuInjection Injection(ContainerFixture fixture)
    {
        var host = Directory.CreateDirectory(Path.Combine(fixture.Directory, "host")).FullName;
        string File(string name, string content)
        {
            var path = Path.Combine(host, name);
            System.IO.File.WriteAllText(path, content);
            System.IO.File.SetUnixFileMode(path, (UnixFileMode)0x1B6);
            return path;
        }

        var library = File("libcuda.so.580.1", "the library\n");
        return new GpuInjection
        {
            Gpus = [new GrantedGpu(0, "GPU-0", "0", null)],
            Edits = new ContainerEdits
            {
                Devices = [new EditedDevice("/dev/null", "/dev/nvidia0", 1, 3), new EditedDevice("/dev/null", "/dev/nvidiactl", 1, 3)],
                Mounts =
                [
                    new EditedMount(library, Driver + "/lib64/libcuda.so.580.1"),
                    new EditedMount(library, Library),
                    new EditedMount(File("nvidia-smi", "the program\n"), Driver + "/bin/nvidia-smi"),
                    new EditedMount(File("socket", ""), "/run/nvidia-persistenced/socket", IsSocket: true),
                ],
                Environment = ["NVIDIA_VISIBLE_DEVICES=void"],
            },
            OwnDirectory = Driver,
            ProgramDirectory = Driver + "/bin",
            LinkerCache = File("cache", "the cache\n"),
        };
    }

    private static void Plant(string layer, string at, string what, string victim)
    {
        var path = layer + at;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        File.Delete(path);
        switch (what)
        {
            case "fifo":
                Run("/usr/bin/mkfifo", path);
                break;
            case "device":
                Run("/usr/bin/mknod", path, "c", "1", "5");
                break;
            case "file":
                File.WriteAllText(path, "");
                break;
            case "chain":
                File.CreateSymbolicLink(layer + "/first", victim);
                File.CreateSymbolicLink(layer + "/second", "first");
                File.CreateSymbolicLink(path, "/second");
                break;
            default:
                File.CreateSymbolicLink(
                    path,
                    what == "loop"
                        ? Path.GetFileName(path)
                        : what.Replace("/VICTIM", victim, StringComparison.Ordinal).Replace("VICTIM", victim, StringComparison.Ordinal)
                );
                break;
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using var made = System.Diagnostics.Process.Start(program, arguments);
        made.WaitForExit();
        Assert.Equal(0, made.ExitCode);
    }
}
