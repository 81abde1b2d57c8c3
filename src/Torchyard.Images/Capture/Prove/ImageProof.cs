using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Torchyard.Images.Capture.Plan;
using Torchyard.Images.Capture.Request;
using Torchyard.Images.Errors;
using Torchyard.Images.Oci;
using Torchyard.Images.Sandbox;
using Torchyard.Images.Store;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Text;

namespace Torchyard.Images.Capture.Prove;

/// <summary>
/// Tries a captured image before it gets its name: its interpreter is started in a sandbox, with nothing of this machine's files, and
/// imports the distributions that were captured.
/// </summary>
/// <param name="paths">The store.</param>
/// <param name="layers">Gives the layers as directories.</param>
/// <param name="sandbox">Runs the interpreter.</param>
public sealed partial class ImageProof(StorePaths paths, IMountedLayers layers, IRootSandbox sandbox)
{
    private const string Place = "/run/torchyard-trial";

    // As timeout(1) has it.
    private const int TimedOut = 124;

    /// <summary>Tries an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="plan">What was captured.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY3075: the interpreter does not start.</exception>
    internal async Task<CaptureTrial> TryAsync(StoredImage image, CapturePlan plan, IProgressSink progress, CancellationToken cancellation)
    {
        if (plan.Environment.Interpreter is not { } interpreter)
        {
            return new CaptureTrial { NotTried = "it has no interpreter" };
        }

        var inside = plan.Target + interpreter[plan.Environment.Path.Length..];
        var modules = plan
            .Software.Where(distribution => distribution.EditablePath is null)
            .Select(distribution => (distribution.Name, Modules: ImportableModules.Of(distribution)))
            .Where(one => one.Modules.Count > 0)
            .DistinctBy(one => one.Name)
            .OrderBy(one => one.Name, StringComparer.Ordinal)
            .ToList();
        using var directory = BuildDirectory.Create(paths);
        var list = new StringBuilder();
        foreach (var (name, imports) in modules)
        {
            list.Append(name).Append('\t').AppendJoin('\t', imports).Append('\n');
        }

        // Read by the image's user, whatever the umask is.
        AtomicFile.WriteText(Path.Combine(directory.Path, "modules"), list.ToString());
        AtomicFile.Write(Path.Combine(directory.Path, "try-imports.py"), Program());
        foreach (var name in new[] { "modules", "try-imports.py" })
        {
            File.SetUnixFileMode(Path.Combine(directory.Path, name), (UnixFileMode)FileModes.Readable);
        }

        using var task = progress.Begin("Trying the image", modules.Count, ProgressUnit.Items);
        var lines = new ConcurrentQueue<string[]>();
        SandboxResult result;
        try
        {
            var lower = await layers.EnsureAsync(image, progress, cancellation);
            result = await sandbox.RunAsync(Request(lower, directory.Path, inside, plan, Listen), cancellation);
        }
        catch (TorchyardException failure) when (failure.Code == PlatformCodes.TookTooLong)
        {
            result = new SandboxResult(TimedOut, failure.Message);
        }
        catch (TorchyardException failure) when (!ImageCodes.IsOne(failure.Code))
        {
            // The machine cannot run containers, or this user cannot; that says nothing about the image. Damage of the store does.
            return new CaptureTrial { NotTried = failure.Message };
        }

        var answers = lines.ToList();
        if (!answers.Exists(answer => answer[1] == "start"))
        {
            throw CaptureErrors.DoesNotStart(inside, result.ExitCode, result.Tail);
        }

        var failed = answers
            .Where(answer => answer is [_, "failed", _, _])
            .Select(answer => new FailedImport(answer[2], answer[3], Driver().IsMatch(answer[3])))
            .ToList();
        if (
            result.ExitCode == TimedOut
            && modules.Find(module => !answers.Exists(answer => answer.Length > 2 && answer[2] == module.Name)).Name is { } last
        )
        {
            failed.Add(new FailedImport(last, "its import did not end", NeedsDriver: false));
        }

        var trial = new CaptureTrial
        {
            Imported = [.. answers.Where(answer => answer is [_, "imported", _, ..]).Select(answer => answer[2])],
            Failed = failed,
        };
        task.Done(
            $"Python {answers.First(answer => answer[1] == "start")[2]}, {trial.Imported.Count} of "
                + $"{Count.Of(modules.Count, "distribution")} imported"
        );
        return trial;

        void Listen(string line)
        {
            if (line.Split('\t') is ["torchyard-import", _, ..] answer)
            {
                lines.Enqueue(answer);
                if (answer[1] is "imported" or "failed")
                {
                    task.Advance(1);
                }
            }
        }
    }

    private static SandboxRequest Request(
        IReadOnlyList<string> lower,
        string directory,
        string interpreter,
        CapturePlan plan,
        Action<string> listen
    ) =>
        new()
        {
            Lower = lower,
            Upper = null,
            Work = null,
            Arguments = [interpreter, "-I", "-B", $"{Place}/try-imports.py", $"{Place}/modules"],
            Environment = new Dictionary<string, string>
            {
                ["PATH"] = $"{plan.Target}/bin:/usr/local/bin:/usr/bin:/bin",
                ["HOME"] = "/tmp",
                ["LC_ALL"] = "C.UTF-8",
                // What imports PyTorch and the like may not take all cores of the machine for it.
                ["OMP_NUM_THREADS"] = "1",
                ["MPLBACKEND"] = "agg",
            },
            ReadOnlyMounts = new Dictionary<string, string> { [directory] = Place },
            Bounds = ProgramBounds.Environment,
            OnLine = listen,
        };

    private static byte[] Program()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("try-imports.py")!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    // libcuda.so.1, libnvidia-ml.so.1; "Found no NVIDIA driver on your system"; "CUDA driver version is insufficient"; "no CUDA-capable
    // device".
    [GeneratedRegex(
        @"libcuda\.so|libnvidia-|libnvcuvid|NVIDIA driver|CUDA driver|CUDA-capable|NVML",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Driver();
}
