using System.Globalization;
using System.Text.Json;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Processes;
using Torchyard.Platform.Text;

namespace Torchyard.Containers.Engines;

/// <summary>What <c>docker info</c> tells about the daemon that the client reaches.</summary>
/// <param name="Major">First number of its version; null when it does not say, as podman under docker's name.</param>
/// <param name="IsRootless">It runs as an ordinary user and may raise no limits.</param>
/// <param name="KnownRuntimes">OCI runtimes that its configuration names; null when it does not say.</param>
internal sealed record DockerDaemon(int? Major, bool IsRootless, IReadOnlyList<string>? KnownRuntimes)
{
    // The first whose pkg/archive knows the magic number of zstd; 20.10 takes such a layer for a tar and fails.
    private const int FirstWithZstd = 23;

    /// <summary>A daemon of today that root started, for lines that are only printed.</summary>
    public static readonly DockerDaemon Usual = new(FirstWithZstd, IsRootless: false, KnownRuntimes: null);

    /// <summary><c>docker load</c> takes layers that are compressed with zstd.</summary>
    public bool ReadsZstd => Major >= FirstWithZstd;

    /// <summary>Asks the daemon.</summary>
    /// <exception cref="TorchyardException">TY4072: none answers; TY4073: this user may not talk to it.</exception>
    public static async Task<DockerDaemon> AskAsync(HostProgram program, CancellationToken cancellation) =>
        Read(await HostCommand.RunAsync(program, ["info", "--format", "{{json .}}"], cancellation: cancellation), Environment.UserName);

    /// <summary>
    /// The answer of <c>docker info</c>. Clients before 28 end with success although there is no daemon, and list the errors.
    /// </summary>
    /// <param name="said">What it printed.</param>
    /// <param name="user">The caller, for the cure.</param>
    internal static DockerDaemon Read(CommandResult said, string user)
    {
        if (Unreachable(string.Join('\n', Errors(said.Output).Append(said.ExitCode == 0 ? "" : said.Error)), user) is { } failure)
        {
            throw failure;
        }

        using var document = Parse(said.Output);
        if (document?.RootElement is not { ValueKind: JsonValueKind.Object } info)
        {
            throw NoDaemon(said.Error.Trim() is { Length: > 0 } error ? error : "docker info gave no answer");
        }

        var version = info.TryGetProperty("ServerVersion", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "";
        return new DockerDaemon(
            int.TryParse(version.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : null,
            info.TryGetProperty("SecurityOptions", out var security)
                && security.ValueKind == JsonValueKind.Array
                && security
                    .EnumerateArray()
                    .Any(o => o.ValueKind == JsonValueKind.String && o.GetString()!.Split(',').Contains("name=rootless")),
            info.TryGetProperty("Runtimes", out var runtimes) && runtimes.ValueKind == JsonValueKind.Object
                ? [.. runtimes.EnumerateObject().Select(r => r.Name)]
                : null
        );
    }

    /// <summary>What a message of docker's client means when it could not reach the daemon; null for any other.</summary>
    internal static TorchyardException? Unreachable(string error, string user)
    {
        // "Got permission denied while trying to connect to the Docker daemon socket" (20.10), "permission denied while trying to connect
        // to the Docker daemon socket" (23), "… to the docker API" (29); "Cannot connect to the Docker daemon", "error during connect",
        // "failed to connect to the docker API".
        if (error.Split('\n').FirstOrDefault(l => Has(l, "permission denied while trying to connect")) is { } refused)
        {
            return new TorchyardException(
                "TY4073",
                $"this user may not talk to docker's daemon: {refused.Trim()}",
                $"sudo usermod -aG docker {user} and log in again (members of that group are as good as root), or leave --engine out: "
                    + "Torchyard needs neither daemon nor root"
            );
        }

        return
            error
                .Split('\n')
                .FirstOrDefault(l =>
                    Has(l, "cannot connect to the docker daemon")
                    || Has(l, "error during connect")
                    || Has(l, "failed to connect to the docker api")
                )
                is { } none
            ? NoDaemon(none.Trim())
            : null;
    }

    /// <summary>Fails for a runtime that the daemon's configuration does not name.</summary>
    /// <exception cref="TorchyardException">TY4074.</exception>
    public void Require(string runtime, string? path)
    {
        if (KnownRuntimes is { } known && !known.Contains(runtime))
        {
            throw new TorchyardException(
                "TY4074",
                $"docker's daemon knows no runtime '{runtime}', only "
                    + $"{string.Join(", ", known.Where(r => !r.Contains('.', StringComparison.Ordinal)))}",
                $"put {{\"runtimes\": {{\"{runtime}\": {{\"path\": \"{path ?? "/usr/bin/" + runtime}\"}}}}}} into "
                    + "/etc/docker/daemon.json and restart docker, or leave --runtime out"
            );
        }
    }

    private static TorchyardException NoDaemon(string said) =>
        new(
            "TY4072",
            $"no docker daemon answers: {said}",
            "start it (systemctl start docker, or service docker start), or correct DOCKER_HOST or 'docker context'; or leave --engine "
                + "out: Torchyard needs no daemon"
        );

    private static bool Has(string line, string part) => line.Contains(part, StringComparison.OrdinalIgnoreCase);

    private static List<string> Errors(string output)
    {
        using var document = Parse(output);
        return
            document?.RootElement is { ValueKind: JsonValueKind.Object } info
            && info.TryGetProperty("ServerErrors", out var errors)
            && errors.ValueKind == JsonValueKind.Array
            ? [.. errors.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!)]
            : [];
    }

    private static JsonDocument? Parse(string output)
    {
        try
        {
            return UnicodeJson.Parse(output);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
