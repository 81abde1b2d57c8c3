using Torchyard.Containers.Sandbox;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Repair;
using Torchyard.Flows.Runtimes;
using Torchyard.Images.Capture;
using Torchyard.Images.Capture.Prove;
using Torchyard.Images.Capture.Request;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Capturing;

/// <summary>What came of a capture.</summary>
/// <param name="Image">The image.</param>
/// <param name="Report">What is in it.</param>
/// <param name="Requested">The name that was asked for.</param>
internal sealed record Captured(StoredImage Image, CaptureReport Report, string Requested);

/// <summary>Makes an image of an environment that works on this machine.</summary>
internal sealed class CaptureFlow(Host host)
{
    /// <summary>Says what the image would have, and makes nothing.</summary>
    /// <exception cref="TorchyardException">TY3038: an argument cannot be used.</exception>
    public async Task<CaptureReport> PreviewAsync(CaptureArguments arguments, CancellationToken cancellation)
    {
        var request = await RequestAsync(arguments, cancellation);
        return await Task.Run(() => ImageCapture.Preview(request, cancellation), cancellation);
    }

    /// <summary>Makes the image.</summary>
    /// <exception cref="TorchyardException">TY3038: an argument cannot be used; else as
    /// <see cref="ImageCapture.CaptureAsync"/>.</exception>
    public async Task<Captured> RunAsync(CaptureArguments arguments, CancellationToken cancellation)
    {
        var request = await RequestAsync(arguments, cancellation);
        var proof = arguments.Trial
            ? new ImageProof(host.Store, new RepairingLayers(host), new OciRootSandbox(host.Store, host.Runtimes(), host.Self))
            : null;
        var (image, report) = await new ImageCapture(host.Store, host.Supervisor(), host.Clock, proof).CaptureAsync(
            request,
            host.Progress,
            cancellation
        );
        return new Captured(image, report, request.Name);
    }

    private async Task<CaptureRequest> RequestAsync(CaptureArguments arguments, CancellationToken cancellation)
    {
        var request = Request(arguments);
        if (arguments.Base is not { } named)
        {
            return request;
        }

        var system = new ImageStore(host.Store).Find(named);
        return request with
        {
            Base = new CaptureBase(system, await new RepairingLayers(host).EnsureAsync(system, host.Progress, cancellation)),
        };
    }

    private CaptureRequest Request(CaptureArguments arguments)
    {
        var directory = arguments.Directory;
        var compression = arguments.Compression;
        if (arguments.Level is { } level && (level < 1 || level > ImageSettings.HighestLevel(compression)))
        {
            throw new TorchyardException(
                "TY3038",
                $"--level {level} is not a level of {compression.ToString().ToLowerInvariant()}",
                $"give a number from 1 to {ImageSettings.HighestLevel(compression)}"
            )
            {
                IsUsage = true,
            };
        }

        var at = arguments.At;
        if (at is not null && (!at.StartsWith('/') || Path.GetFullPath(at) == "/"))
        {
            throw new TorchyardException("TY3038", $"--at {at} is not an absolute path of a directory", "give a path such as /opt/venv")
            {
                IsUsage = true,
            };
        }

        if (arguments.Base is not null && Items(arguments.Packages).Length > 0)
        {
            throw new TorchyardException(
                "TY3038",
                "--package takes packages of this machine, and --base another system",
                "build the base image with these packages, or leave --base out"
            )
            {
                IsUsage = true,
            };
        }

        return new CaptureRequest
        {
            Directory = directory,
            Name = arguments.Name ?? NameFor(directory),
            At = at is null ? null : Path.GetFullPath(at),
            Only = Items(arguments.Only),
            Include =
            [
                .. Items(arguments.Include)
                    .Select(item => item.Contains('/', StringComparison.Ordinal) ? host.Caller.FullPath(item) : item),
            ],
            Exclude = Items(arguments.Exclude),
            Packages = Items(arguments.Packages),
            Bytecode = arguments.Bytecode,
            Image = new ImageSettings
            {
                Compression = compression,
                Level = arguments.Level ?? ImageSettings.DefaultLevel(compression),
                LayerBudget = 40,
                Environment = Pairs("--env", arguments.Variables),
                Labels = Pairs("--label", arguments.Labels),
            },
        };
    }

    private static string[] Items(IReadOnlyList<string> values) =>
        [.. values.SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];

    private static Dictionary<string, string> Pairs(string option, IReadOnlyList<string> values) =>
        values
            .Select(text => text.Split('=', 2))
            .Select(pair =>
                pair is [{ Length: > 0 }, _]
                    ? pair
                    : throw new TorchyardException(
                        "TY3038",
                        // Not what is behind the sign: it may be a secret.
                        pair is [var name]
                            ? $"{option} {name} is not NAME=VALUE"
                            : $"{option} has no name before '='",
                        "write it as in --env HF_HOME=/data/hf"
                    )
                    {
                        IsUsage = true,
                    }
            )
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);

    /// <summary>The directory's name; for <c>.venv</c> and the like that of the directory around it.</summary>
    private static string NameFor(string directory)
    {
        var name = Path.GetFileName(directory.TrimEnd('/'));
        if (name is ".venv" or "venv" or "env" or ".env")
        {
            name = Path.GetFileName(Path.GetDirectoryName(directory.TrimEnd('/'))) is { Length: > 0 } parent ? parent : name;
        }

        return RecipeName.From(name, otherwise: "captured");
    }
}
