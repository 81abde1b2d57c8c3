using Torchyard.EndToEnd.Engines;
using Torchyard.EndToEnd.Environment;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Gpus;

/// <summary>
/// GPUs in containers, on a machine that looks like the recorded H200: fake libraries, the null device under NVIDIA's names, in a mount
/// namespace of its own (tests/Torchyard.Gpus.Tests/Fakes/enter.sh).
/// </summary>
[Collection(RunningEnvironmentTests.Name)]
public sealed class FakeGpuTests(RunningEnvironment environment)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The proof on a GPU: its first run on one is not its first run.</summary>
    [Theory]
    [InlineData("crun", 1, "facts,record,doctor,root,up,start,sabotage")]
    [InlineData("runc", 1, "root")]
    [InlineData("crun", 2, "share,topology,links,ranks")]
    public async Task The_gpu_proof_runs_to_its_end_and_what_needs_no_gpu_passes(string runtime, int gpus, string steps)
    {
        FakeGpuMachine.Require(runtime);
        await SmallImage.BuildAsync(environment, Cancellation);
        var result = await HostProgram.RunAsync(
            Path.Combine(FakeGpuMachine.Repository, "bench/gpu-proof/rehearse.sh"),
            [environment.Store.Store, environment.Report.Image, "--torchyard", TestStore.Program, "--runtime", runtime, "--up", Path.Combine(environment.Store.Root, "small"), "--samples", "2048"],
            Cancellation,
            environment: new Dictionary<string, string> { ["REHEARSE_STEPS"] = steps, ["FAKE_GPUS"] = gpus.ToString(System.Globalization.CultureInfo.InvariantCulture), ["NCCL_NVLS_ENABLE"] = "0" });

        Assert.True(result.ExitCode == 0, result.Transcript);
        Assert.Contains(" 0 unexpected failures", result.Output, StringComparison.Ordinal);
    }

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
        var small = await SmallImage.BuildAsync(environment, Cancellation);
        await using var machine = await FakeGpuMachine.CreateAsync(1);
        await using var docker = new DockerDaemon();
        await docker.StartAsync(machine.Prefix);
        docker.Require();
        var variables = environment.Store.Variables();
        foreach (var (name, value) in docker.Environment)
        {
            variables[name] = value;
        }

        const string Questions = "ls /dev/nvidia0 /dev/nvidiactl /dev/nvidia-uvm && echo x > /dev/nvidia0 && ldconfig -p | grep -c 'libcuda.so.1 .*=> /usr/local/nvidia/' && nvidia-smi; exit 3";
        string[] line = ["--rm", "--gpus", "all", small.Name, "sh", "-c", Questions];
        var ours = await machine.RunAsync([TestStore.Program, "run", .. line], environment.Project, variables, Cancellation);
        var theirs = await machine.RunAsync([TestStore.Program, "run", "--engine", "docker", .. line], environment.Project, variables, Cancellation);

        Assert.Contains("/dev/nvidiactl\n1\nNVIDIA-SMI ", ours.Ended(3).Output, StringComparison.Ordinal);
        Assert.Equal(ours.Output, theirs.Ended(3).Output);
    }

    private static Task<ProgramOutput> EnterAsync(string[] command) => HostProgram.RunAsync(
        FakeGpuMachine.Enter, [FakeGpuMachine.Recorded, .. command], Cancellation);
}
