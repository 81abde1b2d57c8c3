using Torchyard.Packages.Python.Pip;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Processes;

namespace Torchyard.Packages.Tests.Python.Pip;

/// <summary>The host's own pip, where there is one, in the place of the base system's.</summary>
internal sealed class HostPip(string directory) : IPipRunner
{
    public static async Task<HostPip> RequireAsync(string directory)
    {
        try
        {
            var version = await HostCommand.RunAsync(
                HostProgram.Require("python3"),
                ["-m", "pip", "--version"],
                cancellation: TestContext.Current.CancellationToken
            );
            if (version.ExitCode == 0 && int.Parse(version.Output.Split(' ')[1].Split('.')[0], null) >= 23)
            {
                return new HostPip(directory);
            }
        }
        catch (TorchyardException failure) when (failure.Code == "TY9021")
        {
            // No python3 at all.
        }

        Assert.Skip("needs python3 with pip 23 or newer");
        return null!;
    }

    public async Task<PipResult> ResolveAsync(PipRequest request, CancellationToken cancellation)
    {
        var requirements = Path.Combine(directory, "requirements.txt");
        var constraints = Path.Combine(directory, "constraints.txt");
        var report = Path.Combine(directory, "report.json");
        await File.WriteAllTextAsync(requirements, request.Requirements, cancellation);
        await File.WriteAllTextAsync(constraints, request.Constraints, cancellation);
        var result = await HostCommand.RunAsync(
            HostProgram.Require("python3"),
            ["-m", .. PipArguments.Resolve(request, requirements, constraints, report)],
            new Dictionary<string, string>(PipArguments.Environment)
            {
                ["PATH"] = Environment.GetEnvironmentVariable("PATH")!,
                ["HOME"] = directory,
            },
            cancellation: cancellation
        );
        return new PipResult(
            result.ExitCode,
            result.Output + result.Error,
            File.Exists(report) ? await File.ReadAllBytesAsync(report, cancellation) : null
        );
    }
}
