using Torchyard.Images.Sandbox;
using Torchyard.Packages.Python.Pip;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;

namespace Torchyard.Images.Python;

/// <summary>
/// Runs the base system's own pip in a sandbox, for the base system's interpreter. The sandbox shares the host's network, because pip
/// talks to Torchyard's index on loopback; nothing that pip does stays, but its report.
/// </summary>
/// <param name="paths">The store.</param>
/// <param name="sandbox">Runs pip.</param>
/// <param name="lower">Layers of the base system, top first.</param>
public sealed class SandboxPip(StorePaths paths, IRootSandbox sandbox, IReadOnlyList<string> lower) : IPipRunner
{
    private const long LargestReport = 256 << 20;
    private const string Inside = "/run/torchyard-lock";

    /// <inheritdoc />
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY2516: the base system has no Python or no pip.</exception>
    public async Task<PipResult> ResolveAsync(PipRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        var python = PythonRoot.Find(lower);
        var pip = python.PipWheelInside ?? throw PythonRoot.Missing("no pip");
        using var directory = BuildDirectory.Create(paths);
        var exchange = Path.Combine(directory.Path, "exchange");
        Directory.CreateDirectory(exchange);
        await File.WriteAllTextAsync(Path.Combine(exchange, "requirements.txt"), request.Requirements, cancellation);
        await File.WriteAllTextAsync(Path.Combine(exchange, "constraints.txt"), request.Constraints, cancellation);
        var environment = new Dictionary<string, string>(PipArguments.Environment)
        {
            ["PATH"] = "/usr/bin:/bin",
            ["HOME"] = "/root",
            ["PYTHONPATH"] = pip,
        };
        var result = await sandbox.RunAsync(
            new SandboxRequest
            {
                Lower = lower,
                Upper = null,
                Work = null,
                Arguments =
                [
                    $"/usr/bin/python{python.Version}",
                    "-m",
                    .. PipArguments.Resolve(request, $"{Inside}/requirements.txt", $"{Inside}/constraints.txt", $"{Inside}/report.json"),
                ],
                Environment = environment,
                WritableMounts = new Dictionary<string, string> { [exchange] = Inside },
                HostNetwork = true,
                Bounds = ProgramBounds.Transfer,
                OnLine = request.OnLine,
            },
            cancellation
        );
        using var output = ConfinedDirectory.Open(exchange);
        return new PipResult(result.ExitCode, result.Tail, output.ReadBytes("report.json", LargestReport));
    }
}
