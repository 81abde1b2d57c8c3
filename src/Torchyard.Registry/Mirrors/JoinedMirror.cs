using System.Text.Json;
using System.Text.Json.Serialization;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.Mirrors;

/// <summary>The mirror that this machine, or this user, asks before registries.</summary>
public sealed record JoinedMirror
{
    private static readonly RecordFormat<JoinedMirror> Format = new(JoinedMirrorJson.Default.JoinedMirror, static joined =>
        joined.Host.Length == 0 ? "has no host" : null
    );

    /// <summary>Its host, and port.</summary>
    public required string Host { get; init; }

    /// <summary>It is asked without TLS.</summary>
    public required bool PlainHttp { get; init; }

    /// <summary>Registries whose images it has.</summary>
    public required IReadOnlyList<string> Registries { get; init; }

    /// <summary>First part of the names of a registry's repositories in a mirror: a port has no place in them.</summary>
    public static string FirstPart(string registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        return registry.Replace(':', '_').ToLowerInvariant();
    }

    /// <summary>Where it is written for a directory of settings.</summary>
    public static string FileIn(string settings) => Path.Combine(settings, "torchyard", "mirror.json");

    /// <summary>The first of several files that is there; null for no mirror.</summary>
    /// <exception cref="TorchyardException">TY6045: it cannot be read.</exception>
    public static JoinedMirror? Find(IEnumerable<string> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        foreach (var file in files)
        {
            var read = Format.Read(file);
            if (read.Damage is { } damage)
            {
                throw RegistryErrors.BadJoin(file, damage);
            }

            if (read.Value is not null)
            {
                return read.Value;
            }
        }

        return null;
    }

    /// <summary>As the file has it.</summary>
    public string ToText() => JsonSerializer.Serialize(this, JoinedMirrorJson.Default.JoinedMirror) + "\n";
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    WriteIndented = true
)]
[JsonSerializable(typeof(JoinedMirror))]
internal sealed partial class JoinedMirrorJson : JsonSerializerContext;
