using Torchyard.Containers.Gpus;
using Torchyard.Gpus.Compute;
using Torchyard.Gpus.Cuda;
using Torchyard.Machine.Catalogue;
using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;
using Torchyard.Machine.Libraries;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Text;
using Torchyard.Reports.Bench;
using Torchyard.Reports.Doctor;
using Torchyard.Reports.Doctor.Checks;
using Torchyard.Reports.Page;
using Torchyard.Reports.Tune;
using Torchyard.Reports.Verdicts;
using Torchyard.Reports.Verify;

namespace Torchyard.Reports.Overview;

/// <summary>A machine with (or without) GPUs: the door to everything of this project.</summary>
public sealed class GpuMachine
{
    /// <summary>True for the failures of a machine without a CUDA driver that works.</summary>
    /// <param name="failure">What a proof or a benchmark threw.</param>
    public static bool LacksDriver(TorchyardException failure) => failure?.Code is CudaCodes.NoDriver or CudaCodes.DriverDoesNotStart;

    private readonly LibrarySearch _search;
    private readonly TimeProvider _clock;

    /// <summary>Looks at a machine.</summary>
    /// <param name="files">Its files: the running machine, or a recorded tree.</param>
    /// <param name="environment">Looks up an environment variable.</param>
    /// <param name="clock">Dates reports.</param>
    /// <param name="libraryDirectories">Directories searched before all others, e.g. <c>nvidia/cu13/lib</c> of an environment.</param>
    public GpuMachine(
        MachineFiles files,
        Func<string, string?> environment,
        TimeProvider clock,
        IReadOnlyList<string>? libraryDirectories = null
    )
    {
        (Files, Environment, _clock) = (files, environment, clock);
        _search = new LibrarySearch(files, environment, libraryDirectories);
    }

    /// <summary>The machine's files.</summary>
    public MachineFiles Files { get; }

    /// <summary>Looks up an environment variable.</summary>
    public Func<string, string?> Environment { get; }

    internal LibrarySearch Libraries => _search;

    /// <summary>Asks NVML; never fails.</summary>
    public GpuSnapshot ReadGpus() => NvmlReader.Read(_search, Files);

    /// <summary>Which GPUs there are and who computes on them; a part of <see cref="ReadGpus"/> that takes a part of its time.</summary>
    private GpuSnapshot IdentifyGpus() => NvmlReader.Read(_search, Files, NvmlQuestions.Identity);

    /// <summary>Every check of <c>doctor</c>; never fails.</summary>
    /// <param name="uid">Effective user id of the caller.</param>
    /// <param name="gids">Group ids of the caller.</param>
    /// <param name="storeRoot">Directory of the store, whose disk space is looked at.</param>
    public DoctorReport Examine(int uid, IReadOnlyCollection<int> gids, string storeRoot)
    {
        var missing = ExpectedNodes.Missing(Files);
        return MachineDoctor.Examine(
            new MachineView
            {
                Files = Files,
                Gpus = ReadGpus(),
                Libraries = _search,
                Environment = Environment,
                Uid = uid,
                Gids = gids,
                MissingAtFirst = missing,
            },
            storeRoot
        );
    }

    /// <summary>The native proofs on every visible GPU.</summary>
    /// <param name="memoryLimitBytes">At most this much of each GPU's free memory is tested.</param>
    /// <param name="progress">Told each result as it comes.</param>
    /// <param name="cancellation">Ends the run between two proofs.</param>
    /// <exception cref="TorchyardException">TY5001, TY5002: there is no working CUDA driver.</exception>
    public GpuReport Verify(long memoryLimitBytes, IProgressSink progress, CancellationToken cancellation)
    {
        var libraries = GpuLibraries.Load(_search, Files);
        var results = new NativeVerification(libraries, VerifyOptions.Default with { MemoryLimitBytes = memoryLimitBytes }, progress).Run(
            cancellation
        );
        return Frame("verify", libraries) with { Verify = results, Verdict = VerifyVerdict.Of(results) };
    }

    /// <summary>The native measurements on every visible GPU.</summary>
    /// <param name="size">Rows of the square matrices.</param>
    /// <param name="seconds">Time spent on each number.</param>
    /// <param name="areas">matrix, memory, host, peer, nccl, launch; empty for all.</param>
    /// <param name="progress">Told each number as it comes.</param>
    /// <param name="cancellation">Ends the run between two numbers.</param>
    /// <exception cref="TorchyardException">TY5001, TY5002: there is no working CUDA driver.</exception>
    public GpuReport Bench(
        int size,
        double seconds,
        IReadOnlyCollection<string> areas,
        IProgressSink progress,
        CancellationToken cancellation
    )
    {
        var libraries = GpuLibraries.Load(_search, Files);
        var results = new NativeBench(libraries, new BenchOptions(size, seconds, areas), progress).Run(cancellation);
        var frame = Frame("bench", libraries);
        var first = frame.Gpus.Count > 0 ? frame.Gpus[0] : null;
        IReadOnlyList<BenchResult> beside =
        [
            .. results.Select(r =>
            {
                // NVML and CUDA count alike only with CUDA_DEVICE_ORDER=PCI_BUS_ID and all GPUs visible; models of one machine are the
                // same.
                var state = r.Gpu is { } gpu && gpu < frame.Gpus.Count ? frame.Gpus[gpu] : first;
                return PeakRates.Apply(r, GpuCatalogue.Find(state?.Name), state);
            }),
        ];
        return frame with { Bench = beside, Verdict = BenchVerdict.Of(beside, frame.Gpus) };
    }

    /// <summary>The GPUs that a selection means here and now, honouring <c>CUDA_VISIBLE_DEVICES</c> of the caller.</summary>
    /// <param name="selection">What the user asked for.</param>
    /// <param name="held">GPUs that containers hold (<see cref="GpuLeases.Held"/>).</param>
    /// <exception cref="TorchyardException">TY5012, TY5013, TY5014: there is no such GPU, or too few are free.</exception>
    public IReadOnlyList<ChosenGpu> Choose(GpuSelection selection, IReadOnlyList<GpuHolder> held)
    {
        ArgumentNullException.ThrowIfNull(selection);
        ArgumentNullException.ThrowIfNull(held);
        return selection.Kind == GpuSelectionKind.None
            ? []
            : GpuChooser.Choose(
                selection.Kind is GpuSelectionKind.All or GpuSelectionKind.Named && !InJob && KernelGpus.Read(Files) is { } known
                    ? known
                    : IdentifyGpus(),
                Files,
                selection,
                Environment("CUDA_VISIBLE_DEVICES"),
                held
            );
    }

    /// <summary>
    /// True for a job of a scheduler: its cgroup may hide GPUs that /proc shows, NVML does not list them, and CUDA_VISIBLE_DEVICES
    /// counts those that are left.
    /// </summary>
    private bool InJob => Environment("CUDA_VISIBLE_DEVICES") is not null || Environment("SLURM_JOB_ID") is not null;

    /// <summary>Every GPU and MIG device of the machine.</summary>
    public IReadOnlyList<ChosenGpu> AllGpus() => GpuChooser.Everything((InJob ? null : KernelGpus.Read(Files)) ?? IdentifyGpus(), Files);

    /// <summary>The GPUs that containers can get: whole ones, and MIG devices in place of those that are cut up.</summary>
    /// <param name="snapshot">What NVML said of this machine.</param>
    public IReadOnlyList<ChosenGpu> Units(GpuSnapshot snapshot) => GpuChooser.Everything(snapshot, Files);

    /// <summary>Says why this machine's GPUs cannot be used although it has some; null when it has none or they work.</summary>
    public string? WhyUnusable() =>
        KernelModule.Version(Files) is null && PciBus.NvidiaGpus(Files) is { Count: > 0 } cards
            ? $"this machine has {Count.Of(cards.Count, "NVIDIA GPU")}, but no driver is loaded"
            : null;

    /// <summary>True when a driver is loaded, so that containers can get GPUs.</summary>
    public bool HasDriver => KernelModule.Version(Files) is not null;

    /// <summary>What containers on this machine need; made anew for each start, so that nothing in it is stale.</summary>
    /// <exception cref="TorchyardException">TY5014: no driver is loaded.</exception>
    public ContainerInjection Injection() =>
        KernelModule.Version(Files) is { } version
            ? new ContainerInjection(Files, Environment, _search, version)
            : throw new TorchyardException(
                "TY5014",
                "no GPU can be used on this machine: the NVIDIA kernel module is not loaded",
                "torchyard doctor says why; --gpus none starts without"
            );

    /// <summary>Environment settings for this machine, with reasons.</summary>
    /// <param name="processors">CPUs that programs may use.</param>
    /// <param name="gpus">GPUs that they get; null for all.</param>
    /// <param name="seen">What <c>bench train</c> saw on these GPUs; null for nothing.</param>
    public IReadOnlyList<TuneSetting> Tune(int processors, int? gpus, IReadOnlyList<TrainingResult>? seen = null)
    {
        var snapshot = ReadGpus();
        return
        [
            .. EnvironmentTuning
                .For(Files, snapshot, Environment, processors, gpus ?? snapshot.Gpus.Count)
                .Select(setting => TrainingTuning.Explain(setting, seen ?? [])),
        ];
    }

    private GpuReport Frame(string kind, GpuLibraries libraries)
    {
        var snapshot = ReadGpus();
        List<string> used =
        [
            $"CUDA driver {libraries.Driver.DriverVersion() / 1000}.{libraries.Driver.DriverVersion() % 1000 / 10} "
                + $"({libraries.Driver.Path})",
        ];
        if (libraries.CublasLt is { } cublas)
        {
            used.Add($"cuBLASLt {cublas.Version()} ({cublas.Path})");
        }

        if (libraries.Nccl is { } nccl)
        {
            used.Add($"NCCL {nccl.Version()} ({nccl.Path})");
        }

        return new GpuReport
        {
            Kind = kind,
            Created = _clock.GetUtcNow(),
            DriverVersion = snapshot.DriverVersion,
            Libraries = used,
            Problems = libraries.Problems,
            Gpus = snapshot.Gpus,
            Verdict = new Verdict(false, "nothing was done", []),
        };
    }
}
