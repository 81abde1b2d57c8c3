using Torchyard.EndToEnd.Engines;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Gpus;

/// <summary>
/// GPUs in containers, on a machine that looks like the recorded H200: fake libraries, the null device under NVIDIA's names, in a mount
/// namespace of its own (tests/Torchyard.Testing/Gpus/Fakes/enter.sh).
/// </summary>
[Collection(SmallImageTests.Name)]
public sealed class FakeGpuTests(SmallImage small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The CDI document is read by an engine that is not ours.</summary>
    [Fact]
    public async Task Podman_passes_gpus_by_the_cdi_document()
    {
        FakeGpuMachine.Require("runc");
        HostProgram.Require("podman");
        var busybox = HostProgram.Require("busybox");
        // /etc/cdi is written in an overlay that nobody else sees. Limits and runtime are those that work on every machine of tests.
        var script = $"""
            set -e
            work=$(mktemp -d)
            mount -t tmpfs tmpfs $work
            mkdir -p $work/upper $work/work $work/rootfs
            mount -t overlay -o lowerdir=/etc,upperdir=$work/upper,workdir=$work/work overlay /etc
            {TestStore.Program} cdi --install
            for directory in bin dev proc sys tmp etc run; do mkdir $work/rootfs/$directory; done
            cp {busybox} $work/rootfs/bin/busybox
            ln -s busybox $work/rootfs/bin/sh
            ln -s busybox $work/rootfs/bin/ls
            podman --root $work/store --runroot $work/run --cgroup-manager cgroupfs --runtime runc run --rm --network none \
                --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 --device nvidia.com/gpu=0 --rootfs $work/rootfs \
                /bin/sh -c 'ls /dev/nvidia0 /dev/nvidiactl /dev/nvidia-uvm && echo x > /dev/nvidia0 && ls /usr/local/nvidia/lib64/libcuda.so.1 && echo $LD_LIBRARY_PATH'
            """;
        var result = await EnterAsync(["sh", "-c", script]);
        Assert.True(result.ExitCode == 0, result.Transcript);
        Assert.Contains("/usr/local/nvidia/lib64/libcuda.so.1", result.Output, StringComparison.Ordinal);
    }

    /// <summary>Debian's docker 20.10 knows no CDI: it gets the device nodes and the driver's files one by one.</summary>
    [Fact]
    public async Task Docker_gets_gpus_without_cdi()
    {
        FakeGpuMachine.Require("runc");
        await using var machine = await FakeGpuMachine.CreateAsync(1);
        await using var docker = new DockerDaemon();
        await docker.StartAsync(machine.Prefix);
        docker.Require();
        var variables = small.Store.Variables();
        foreach (var (name, value) in docker.Environment)
        {
            variables[name] = value;
        }

        const string Questions =
            "ls /dev/nvidia0 /dev/nvidiactl /dev/nvidia-uvm && echo x > /dev/nvidia0 && ldconfig -p | grep -c 'libcuda.so.1 .*=> "
            + "/usr/local/nvidia/' && nvidia-smi; exit 3";
        string[] line = ["--rm", "--gpus", "all", SmallImage.Name, "sh", "-c", Questions];
        var ours = await machine.RunAsync([TestStore.Program, "run", .. line], small.Project, variables, Cancellation);
        var theirs = await machine.RunAsync(
            [TestStore.Program, "run", "--engine", "docker", .. line],
            small.Project,
            variables,
            Cancellation
        );

        Assert.Contains("/dev/nvidiactl\n1\nNVIDIA-SMI ", ours.Ended(3).Output, StringComparison.Ordinal);
        Assert.Equal(ours.Output, theirs.Ended(3).Output);
    }

    /// <summary>
    /// CVE-2024-0132, CVE-2025-23266 and CVE-2025-23359 in one image: a link where the driver goes, libraries of the driver's names behind
    /// it, and variables that make the linker load a library which the machine has at the same path.
    /// </summary>
    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task A_hostile_image_gets_the_machines_driver_and_nothing_else_of_the_machine(string runtime)
    {
        FakeGpuMachine.Require(runtime);
        var work = small.Store.NewProject("hostile-" + runtime);
        var victim = Directory.CreateDirectory(Path.Combine(work, "victim")).FullName;
        var marker = Path.Combine(work, "marker");
        var planted = Directory.CreateDirectory(Path.Combine(work, "planted")).FullName;
        await File.WriteAllTextAsync(Path.Combine(victim, "libcuda.so.1"), "the machine's secret", Cancellation);
        File.CreateSymbolicLink(Path.Combine(planted, "lib64"), "../../../" + victim.TrimStart('/'));
        await File.WriteAllTextAsync(
            Path.Combine(work, "evil.c"),
            $"#include <fcntl.h>\n__attribute__((constructor)) static void start(void) {{ open(\"{marker}\", O_CREAT | O_WRONLY, 0666); "
                + $"}}\n",
            Cancellation
        );
        (
            await HostProgram.RunAsync(
                "gcc",
                ["-shared", "-fPIC", "-o", Path.Combine(planted, "evil.so"), Path.Combine(work, "evil.c")],
                Cancellation
            )
        ).Succeeded();
        (
            await small.Store.RunAsync(
                work,
                [
                    "capture",
                    planted,
                    "--at",
                    "/usr/local/nvidia",
                    "--base",
                    "small",
                    "--name",
                    "hostile-" + runtime,
                    "--no-bytecode",
                    "-e",
                    $"LD_PRELOAD={planted}/evil.so",
                    "-e",
                    $"LD_LIBRARY_PATH={planted}",
                    "-e",
                    "NVIDIA_VISIBLE_DEVICES=all",
                    "--label",
                    "run.oci.handler=krun",
                    "--label",
                    $"run.oci.hooks.stderr={marker}",
                ],
                Cancellation
            )
        ).Succeeded();

        await using var machine = await FakeGpuMachine.CreateAsync(1);
        var result = await machine.RunAsync(
            [
                TestStore.Program,
                "run",
                "--rm",
                "--runtime",
                runtime,
                "--gpus",
                "all",
                "hostile-" + runtime,
                "sh",
                "-c",
                "unset LD_PRELOAD; test -L /usr/local/nvidia/lib64 || echo real; head -c 4 /usr/local/nvidia/lib64/libcuda.so.1 | tail "
                    + "-c 3; echo; ldconfig -p | grep -c 'libcuda.so.1 .*=> /usr/local/nvidia/lib64/'; echo $NVIDIA_VISIBLE_DEVICES",
            ],
            small.Project,
            small.Store.Variables(),
            Cancellation
        );

        Assert.Equal("real\nELF\n1\nvoid\n", result.Succeeded().Output);
        Assert.False(File.Exists(marker), "a library of the image was loaded on the machine");
        Assert.Equal(["libcuda.so.1"], Directory.EnumerateFileSystemEntries(victim).Select(Path.GetFileName));
        Assert.Equal("the machine's secret", await File.ReadAllTextAsync(Path.Combine(victim, "libcuda.so.1"), Cancellation));
    }

    private static Task<ProgramOutput> EnterAsync(string[] command) =>
        HostProgram.RunAsync(FakeGpuMachine.Enter, [FakeGpuMachine.Recorded, .. command], Cancellation);
}
