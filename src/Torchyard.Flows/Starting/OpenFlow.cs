using System.Text.Json.Serialization;
using Torchyard.Containers.Sessions;
using Torchyard.Containers.State;
using Torchyard.Flows.Access;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Naming;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Flows.Starting;

/// <summary>What is to be opened.</summary>
/// <param name="Service">Name of the service; null for Jupyter, or the only one that there is.</param>
/// <param name="Container">As <see cref="NamedContainers"/> takes it; null for the environment of the working directory.</param>
/// <param name="OnlyShow">Open no browser.</param>
internal sealed record OpenRequest(string? Service, string? Container, bool OnlyShow);

/// <summary>An address for a browser.</summary>
/// <param name="Environment">Name of the container.</param>
/// <param name="Service">Name of the service.</param>
/// <param name="Url">The address, with the token where there is one.</param>
/// <param name="Opened">A browser was asked to open it.</param>
internal sealed record OpenedService(string Environment, string Service, string Url, bool Opened);

/// <summary>Finds what an environment serves, and opens it in a browser where there is a desktop.</summary>
/// <param name="host">Who asks.</param>
internal sealed class OpenFlow(Host host)
{
    private const string Jupyter = "jupyter";
    private const string Ssh = "ssh";

    /// <summary>Finds it, and opens it.</summary>
    /// <exception cref="TorchyardException">TY4109: nothing is up here; TY4123: it has no such service; TY9026: Jupyter has no token;
    /// TY4046: the container does not run.</exception>
    public async Task<OpenedService> RunAsync(OpenRequest request, CancellationToken cancellation)
    {
        var container = await new NamedContainers(host).FindAsync(request.Container, cancellation);
        var session = host.Session(container);
        session.RequireRunning();
        var status = await SupervisorClient.StatusAsync(session.RunDirectory, cancellation);
        var addresses = Addresses(container.Record, status);
        var name = Choose(request.Service, container.Record.Name, [.. addresses.Keys]);
        WarnUnlessReady(container.Record.Name, name, status);
        var url = name == Jupyter ? new Uri($"{addresses[name].Url}?token={JupyterToken.Read(session.RunDirectory)}") : addresses[name].Url;
        var opened =
            !request.OnlyShow && await new Desktop(host).OpenAsync(url, Path.Combine(session.OwnDirectory, "open.html"), cancellation);
        return new OpenedService(container.Record.Name, name, url.AbsoluteUri, opened);
    }

    /// <summary>
    /// As the record has them; for a container of <c>run</c>, whose services nobody placed, as its supervisor says, on this machine
    /// only, or by its published ports.
    /// </summary>
    private static Dictionary<string, ServiceAddress> Addresses(ContainerRecord record, SupervisorStatus? status)
    {
        var placed = record
            .Labels.Keys.Where(ServiceAddress.IsLabel)
            .Select(ServiceAddress.ServiceOf)
            .Where(name => ServiceAddress.Of(record.Labels, name) is not null)
            .ToDictionary(name => name, name => ServiceAddress.Of(record.Labels, name)!, StringComparer.Ordinal);
        if (placed.Count > 0)
        {
            return placed;
        }

        return (status?.Services ?? [])
            .Where(service => IsName(service.Name) && ServiceAddress.Reported(record, service) is not null)
            .DistinctBy(service => service.Name)
            .ToDictionary(service => service.Name, service => ServiceAddress.Reported(record, service)!, StringComparer.Ordinal);
    }

    // The container says so itself, and people read it.
    private static bool IsName(string text) =>
        text.Length is > 0 and <= 64 && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_');

    private static string Choose(string? asked, string environment, IReadOnlyList<string> names)
    {
        if (asked == Ssh)
        {
            throw Missing("SSH is not opened in a browser", $"torchyard ssh {environment} logs in");
        }

        var open = names.Where(name => name != Ssh).Order(StringComparer.Ordinal).ToList();
        if (asked is not null)
        {
            return open.Contains(asked)
                ? asked
                : throw Missing(
                    $"{environment} has no service '{VisibleText.Of(asked)}'",
                    open.Count == 0 ? "[services] in torchyard.toml adds one"
                        : NearestName.Find(asked, open) is { } near ? $"did you mean '{near}'? It has: {string.Join(", ", open)}"
                        : $"it has: {string.Join(", ", open)}"
                );
        }

        return open.Contains(Jupyter) ? Jupyter
            : open.Count == 1 ? open[0]
            : throw Missing(
                open.Count == 0
                    ? $"{environment} has no service for a browser"
                    : $"{environment} has {Count.Of(open.Count, "service")} for a browser",
                open.Count == 0 ? "[services.jupyter] in torchyard.toml adds Jupyter" : $"name one: {string.Join(", ", open)}"
            );
    }

    private void WarnUnlessReady(string environment, string name, SupervisorStatus? status)
    {
        if (status?.Services.FirstOrDefault(service => service.Name == name) is { State: not "ready" } service)
        {
            host.Progress.Warn($"{name} is {VisibleText.Of(service.State)}; torchyard logs {environment} {name} shows what it says");
        }
    }

    private static TorchyardException Missing(string what, string cure) => new("TY4123", what, cure) { IsUsage = true };
}

/// <summary>Source-generated JSON of the answer.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(OpenedService))]
internal sealed partial class OpenJson : JsonSerializerContext;
