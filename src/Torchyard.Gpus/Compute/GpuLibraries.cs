using Torchyard.Gpus.CublasLt;
using Torchyard.Gpus.Cuda;
using Torchyard.Gpus.Nccl;
using Torchyard.Machine.Files;
using Torchyard.Machine.Libraries;
using Torchyard.Platform.Errors;

namespace Torchyard.Gpus.Compute;

/// <summary>The libraries that verify and bench compute with: the driver must be there, the others may be missing.</summary>
internal sealed class GpuLibraries
{
    private GpuLibraries(CudaDriver driver, CublasLtLibrary? cublasLt, NcclLibrary? nccl, IReadOnlyList<string> problems) =>
        (Driver, CublasLt, Nccl, Problems) = (driver, cublasLt, nccl, problems);

    public CudaDriver Driver { get; }

    public CublasLtLibrary? CublasLt { get; }

    public NcclLibrary? Nccl { get; }

    /// <summary>What could not be loaded, and why.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>Finds and loads the libraries, and starts the driver.</summary>
    /// <exception cref="TorchyardException">TY5001: no driver library; TY5002: the driver does not start.</exception>
    public static GpuLibraries Load(LibrarySearch search, MachineFiles files)
    {
        var problems = new List<string>();
        CudaDriver? driver = null;
        foreach (var found in search.Find("libcuda.so.1"))
        {
            var real = files.RealPath(found.Path)!;
            // The driver asks for its PTX compiler by SONAME; the one beside it is the one that fits, whatever the linker's path says.
            var compiler = files.RealPath(Path.GetDirectoryName(found.Target) + "/libnvidia-ptxjitcompiler.so.1");
            if (compiler is not null)
            {
                _ = NativeSymbols.TryLoad(compiler, out _);
            }

            driver = CudaDriver.TryLoad(real, out var problem);
            if (driver is not null)
            {
                break;
            }

            problems.Add(problem);
        }

        if (driver is null)
        {
            throw new TorchyardException(
                CudaCodes.NoDriver,
                problems.Count > 0 ? $"the CUDA driver cannot be used: {problems[0]}" : "no CUDA driver library (libcuda.so.1) was found",
                "install the NVIDIA driver, or start the container with --gpus all; torchyard doctor shows where it was looked for"
            );
        }

        var started = driver.Initialize();
        if (started != CudaResult.Success)
        {
            throw new TorchyardException(
                CudaCodes.DriverDoesNotStart,
                $"the CUDA driver {driver.Path} does not start: error {(int)started} ({driver.ErrorName(started)})",
                StartCure(started)
            );
        }

        var cublasLt = LoadFirst(
            search.Find(SonamesFor("libcublasLt.so", driver.DriverVersion())),
            files,
            problems,
            CublasLtLibrary.TryLoad,
            "libcublasLt"
        );
        var nccl = LoadFirst(search.Find("libnccl.so.2"), files, problems, NcclLibrary.TryLoad, "libnccl.so.2");
        return new GpuLibraries(driver, cublasLt, nccl, problems);
    }

    private delegate T? Loader<T>(string path, out string problem);

    private static T? LoadFirst<T>(
        IEnumerable<FoundLibrary> candidates,
        MachineFiles files,
        List<string> problems,
        Loader<T> load,
        string name
    )
        where T : class
    {
        var any = false;
        foreach (var found in candidates)
        {
            any = true;
            if (load(files.RealPath(found.Path)!, out var problem) is { } library)
            {
                return library;
            }

            problems.Add(problem);
        }

        if (!any)
        {
            problems.Add($"{name} was not found");
        }

        return null;
    }

    /// <summary>Newest first, but none of a CUDA major that this driver does not serve.</summary>
    private static string[] SonamesFor(string name, int driverCuda) =>
        [.. Enumerable.Range(11, Math.Max(1, driverCuda / 1000 - 10)).Reverse().Select(major => $"{name}.{major}")];

    private static string StartCure(CudaResult result) =>
        result switch
        {
            CudaResult.NoDevice => "no GPU is visible: see CUDA_VISIBLE_DEVICES and the device nodes with torchyard doctor",
            CudaResult.SystemNotReady =>
                "the fabric manager is not ready: systemctl start nvidia-fabricmanager (same version as the driver)",
            CudaResult.SystemDriverMismatch => "library and kernel module differ in version: reboot, or reload the nvidia modules",
            CudaResult.CompatNotSupportedOnDevice =>
                "forward compatibility is for data-centre GPUs only: remove cuda-compat from the library path",
            CudaResult.Unknown => "load the UVM module and make its nodes: nvidia-modprobe -u -c=0",
            _ => "run torchyard doctor on this machine",
        };
}
