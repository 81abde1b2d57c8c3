using System.Globalization;
using Torchyard.Supervisor.Services;

namespace Torchyard.Supervisor.Supervision;

/// <summary>What the environment variables ask for that start the container is impossible.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>Chooses the services of this start and fits them to the variables; docs/supervisor.md lists them.</summary>
internal static class ServiceSelection
{
    /// <summary>Gives the services to start, in the order of the file.</summary>
    /// <param name="all">The services of the image.</param>
    /// <param name="environment">Environment of the supervisor.</param>
    /// <param name="hasCommand">True when a command was given: then only services that TORCHYARD_SERVICES names are started.</param>
    public static IReadOnlyList<ServiceDefinition> Choose(
        IReadOnlyList<ServiceDefinition> all,
        IReadOnlyDictionary<string, string> environment,
        bool hasCommand
    )
    {
        var asked = environment.GetValueOrDefault("TORCHYARD_SERVICES");
        var chosen = asked switch
        {
            null when hasCommand => [],
            null or "all" => all,
            "none" => [],
            _ => Named(all, asked),
        };
        return [.. chosen.Select(service => WithVariables(service, environment))];
    }

    private static List<ServiceDefinition> Named(IReadOnlyList<ServiceDefinition> all, string asked)
    {
        var names = asked.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        if (names.FirstOrDefault(name => all.All(service => service.Name != name)) is { } unknown)
        {
            throw new UsageException(
                $"TORCHYARD_SERVICES names '{unknown}', the image has: "
                    + $"{(all.Count == 0 ? "none" : string.Join(", ", all.Select(service => service.Name)))}"
            );
        }

        // What a service starts after comes with it.
        for (var i = all.Count - 1; i >= 0; i--)
        {
            if (names.Contains(all[i].Name))
            {
                names.UnionWith(all[i].After);
            }
        }

        return [.. all.Where(service => names.Contains(service.Name))];
    }

    private static ServiceDefinition WithVariables(ServiceDefinition service, IReadOnlyDictionary<string, string> environment)
    {
        var prefix = "TORCHYARD_" + service.Name.ToUpperInvariant().Replace('-', '_') + "_";
        var listen = environment.GetValueOrDefault(prefix + "LISTEN");
        if (listen is not null && Torchyard.Supervisor.Native.SocketAddress.Tcp(listen, 0) is null)
        {
            throw new UsageException($"{prefix}LISTEN is '{listen}', which is not an IP address");
        }

        var port = service.Port;
        if (environment.GetValueOrDefault(prefix + "PORT") is { } text)
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > 65535)
            {
                throw new UsageException($"{prefix}PORT is '{text}', which is not a port (0 to 65535, 0 for a free one)");
            }

            port = number;
        }

        return service with
        {
            Listen = listen ?? service.Listen,
            Port = port,
        };
    }
}
