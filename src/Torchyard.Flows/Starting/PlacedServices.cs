using System.Globalization;
using System.Text.Json.Serialization;

namespace Torchyard.Flows.Starting;

/// <summary>A service of an environment and where it was placed at the start.</summary>
/// <param name="Name">Name, such as <c>jupyter</c>.</param>
/// <param name="Address"><c>HOST:PORT</c> as it is reached from this machine.</param>
/// <param name="Url">The address for a browser, without any token; null for SSH.</param>
/// <param name="WantedPort">The port that the recipe names, where it was in use; null where it was free.</param>
internal sealed record PlacedService(string Name, string Address, string? Url, int? WantedPort)
{
    /// <summary>The service as a line for people.</summary>
    [JsonIgnore]
    public string Text =>
        WantedPort is { } wanted
            ? string.Create(CultureInfo.InvariantCulture, $"{Name} {Address} ({wanted} was in use)")
            : $"{Name} {Address}";
}

/// <summary>What a container's record says of its services: what a container says about itself is not asked.</summary>
internal static class PlacedServices
{
    private const string WantedStem = "torchyard.wanted-port.";

    /// <summary>Label of a container whose service has another port than its recipe names.</summary>
    public static KeyValuePair<string, string> Moved(string service, int wanted) =>
        new(WantedStem + service, wanted.ToString(CultureInfo.InvariantCulture));

    /// <summary>The services in the order of their names, Jupyter first.</summary>
    /// <param name="labels">Labels of the container.</param>
    public static IReadOnlyList<PlacedService> Of(IReadOnlyDictionary<string, string> labels) =>
        [
            .. labels
                .Keys.Where(ServiceAddress.IsLabel)
                .Select(ServiceAddress.ServiceOf)
                .OrderBy(name => name != "jupyter")
                .ThenBy(name => name, StringComparer.Ordinal)
                .Select(name => Of(labels, name))
                .OfType<PlacedService>(),
        ];

    private static PlacedService? Of(IReadOnlyDictionary<string, string> labels, string name) =>
        ServiceAddress.Of(labels, name) is { } address
            ? new PlacedService(
                name,
                address.ToString(),
                name == "ssh" ? null : address.Url.AbsoluteUri,
                labels.TryGetValue(WantedStem + name, out var text)
                && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var wanted)
                    ? wanted
                    : null
            )
            : null;
}
