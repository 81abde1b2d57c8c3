using Torchyard.Flows.Hosts;
using Torchyard.Platform.Http;
using Torchyard.Platform.Text;
using Torchyard.Registry.Mirrors;

namespace Torchyard.Flows.Mirroring;

/// <summary>What of mirrors there is on this machine: the one that it asks, and the one that it serves.</summary>
internal sealed record MirrorState
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The mirror that images come through; null for none.</summary>
    public required string? Host { get; init; }

    /// <summary>Registries whose images come through it.</summary>
    public required IReadOnlyList<string> Registries { get; init; }

    /// <summary>True when it answers; null without one.</summary>
    public required bool? Answers { get; init; }

    /// <summary>Why it does not answer.</summary>
    public required string? Problem { get; init; }

    /// <summary>The systemd unit of a mirror on this machine; null when 'mirror install' wrote none.</summary>
    public required string? Unit { get; init; }

    /// <summary>Looks.</summary>
    /// <param name="host">This machine.</param>
    /// <param name="named">A mirror in place of the one that was joined.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<MirrorState> ReadAsync(Host host, JoinedMirror? named, CancellationToken cancellation)
    {
        var joined = named ?? MirrorPlaces.Joined(host.Caller);
        var problem = joined is null ? null : await AskAsync(host, joined, cancellation);
        return new MirrorState
        {
            Host = joined?.Host,
            Registries = joined?.Registries ?? [],
            Answers = joined is null ? null : problem is null,
            Problem = problem,
            Unit = File.Exists(MirrorPlaces.Unit) ? MirrorPlaces.Unit : null,
        };
    }

    private static async Task<string?> AskAsync(Host host, JoinedMirror mirror, CancellationToken cancellation)
    {
        using var http = new HttpSource(
            new HttpSettings
            {
                Proxy = new EnvironmentProxy(host.Caller.Variable) { LeavesOutLoopback = true },
                ConnectTimeout = Patience,
                Silence = Patience,
            }
        );
        if (!UrlText.TryRead($"{(mirror.PlainHttp ? "http" : "https")}://{mirror.Host}/healthz", out var address))
        {
            return "its name is not a host's";
        }

        try
        {
            using var response = await http.GetAsync(address, null, cancellation);
            return response.IsSuccessStatusCode ? null : $"it answers {(int)response.StatusCode}";
        }
        catch (HttpFailureException failure)
        {
            return failure.Message;
        }
    }
}
