using System.Collections.Concurrent;
using Torchyard.Fit.Data;
using Torchyard.Fit.Fleet;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;
using Torchyard.Trimming.Errors;
using Torchyard.Trimming.Fatbins;
using Torchyard.Trimming.Files;
using Torchyard.Trimming.Rules;

namespace Torchyard.Flows.Trimming;

/// <summary>Takes device code for other GPUs out of the libraries of a directory, or out of one file.</summary>
internal sealed class TrimFlow(Host host)
{
    /// <summary>Trims, or says what it would do.</summary>
    /// <exception cref="TorchyardException">TY3081: a GPU is not known; TY3083: the file cannot be trimmed, or is not
    /// there.</exception>
    public TrimReport Run(TrimRequest request, CancellationToken cancellation)
    {
        var targets = TrimTargets.Of(Architectures(request.Gpus), request.KeepPtx);
        IReadOnlyList<string> names = [.. targets.Architectures.Select(one => one.ToString())];
        var path = RealPath.Of(request.Path);
        if (ConfinedDirectory.TryOpen(path) is { } directory)
        {
            using (directory)
            {
                return request.Output is null
                    ? Tree(request, targets, names, directory, cancellation)
                    : throw new TorchyardException(
                        TrimErrors.NoDeviceCode,
                        $"--output is for one file, and {request.Path} is a directory",
                        $"copy it first (cp -a {request.Path} {request.Output}), then trim the copy"
                    )
                    {
                        IsUsage = true,
                    };
            }
        }

        return TrimReport.Of(request, names, [One(request, targets, path, cancellation)]);
    }

    private TrimReport Tree(
        TrimRequest request,
        TrimTargets targets,
        IReadOnlyList<string> names,
        ConfinedDirectory directory,
        CancellationToken cancellation
    )
    {
        var left = new ConcurrentBag<UntouchedFile>();
        using var progress = host.Progress.Begin(request.DryRun ? "Reading libraries" : "Trimming libraries");
        var trimmer = new TreeTrimmer
        {
            Targets = targets,
            DryRun = request.DryRun,
            Done = file => progress.Advance(file.Plan.BytesBefore),
            Left = (path, why) => left.Add(new UntouchedFile(path, why)),
        };
        var files = trimmer.Trim(directory, cancellation);
        progress.Done(Count.Of(files.Count, "library"));
        return TrimReport.Of(request, names, files) with { Untouched = [.. left.OrderBy(one => one.Path, StringComparer.Ordinal)] };
    }

    private static TrimmedFile One(TrimRequest request, TrimTargets targets, string path, CancellationToken cancellation)
    {
        using var directory = ConfinedDirectory.TryOpen(Path.GetDirectoryName(path) ?? "/")
            ?? throw Refused(request.Path, "there is no such file");
        var name = Path.GetFileName(path);
        if (directory.Status(name) is null)
        {
            throw Refused(request.Path, "there is no such file");
        }

        var trimmer = new TreeTrimmer { Targets = targets, DryRun = request.DryRun };
        if (request.Output is not { } output)
        {
            return trimmer.TrimFile(directory, name, cancellation) ?? throw NotTrimmable(request.Path);
        }

        using var place = ConfinedDirectory.TryOpen(RealPath.Of(Path.GetDirectoryName(output) ?? "/"))
            ?? throw Refused(output, "its directory is not there");
        return trimmer.TrimFile(directory, name, place, Path.GetFileName(output), cancellation) ?? throw NotTrimmable(request.Path);
    }

    private static IEnumerable<CudaArchitecture> Architectures(IReadOnlyList<string> gpus)
    {
        var tables = FitTables.Default;
        foreach (var name in gpus)
        {
            if (CudaArchitecture.TryParse(name, out var architecture))
            {
                yield return architecture;
            }
            else if (FleetFile.Gpu(name, tables) is { } gpu && CudaArchitecture.TryParse(gpu.Capability.ToString(), out var known))
            {
                yield return known;
            }
            else
            {
                throw new TorchyardException(
                    TrimErrors.BadArchitecture,
                    $"'{name}' is not a GPU that Torchyard knows",
                    "write the architecture, such as sm_90, or the model, such as h100 ('torchyard gpus --catalogue' lists them)"
                )
                {
                    IsUsage = true,
                };
            }
        }
    }

    private static TorchyardException NotTrimmable(string path) =>
        Refused(path, "it is not a shared library or program with CUDA device code");

    private static TorchyardException Refused(string path, string why) =>
        new(
            TrimErrors.NoDeviceCode,
            $"{path} cannot be trimmed: {why}",
            "name a shared library with device code, or a directory with such libraries"
        );
}
