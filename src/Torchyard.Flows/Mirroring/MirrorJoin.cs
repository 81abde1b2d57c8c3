using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Registry.Mirrors;

namespace Torchyard.Flows.Mirroring;

/// <summary>
/// Makes programs of this node ask a mirror before registries: Torchyard, containerd (<c>hosts.toml</c>), podman
/// (<c>registries.conf.d</c>) and docker (<c>daemon.json</c>). A file of somebody else is never overwritten.
/// </summary>
/// <param name="root">Root of the machine's files: <c>/</c>.</param>
/// <param name="userSettings">Settings of a user who is not root; null for root.</param>
internal sealed class MirrorJoin(string root, string? userSettings)
{
    private const string Mark = "# Written by 'torchyard mirror join'; 'torchyard mirror join --undo' removes it.\n";
    private const string Hub = "docker.io";
    private const int LongestFile = 1 << 20;

    /// <summary>Programs whose settings are known.</summary>
    public static IReadOnlyList<string> Programs { get; } = ["torchyard", "containerd", "podman", "docker"];

    /// <summary>What joining changes; nothing is written yet.</summary>
    /// <param name="request">The mirror.</param>
    public IReadOnlyList<NodeChange> Plan(JoinRequest request)
    {
        var changes = new List<NodeChange> { Whole("torchyard", Own, request.Mirror.ToText(), isOurs: true) };
        if (userSettings is null && Wants(request, "containerd", "etc/containerd"))
        {
            changes.AddRange(
                request.Mirror.Registries.Select(registry =>
                    Whole("containerd", Hosts(registry), Mark + HostsToml(request, registry)) with
                    {
                        Note = "containerd reads it where its config.toml has config_path = \"/etc/containerd/certs.d\"",
                    }
                )
            );
        }

        if (Wants(request, "podman", "etc/containers"))
        {
            changes.Add(Whole("podman", Podman, Mark + RegistriesConf(request.Mirror)));
        }

        if (userSettings is null && request.DockerPort is { } port && Wants(request, "docker", "etc/docker"))
        {
            changes.Add(Docker(DockerAddress(request.Mirror, port), request.Mirror.PlainHttp, isUndo: false));
        }

        return changes;
    }

    /// <summary>What undoing it changes; nothing is written yet.</summary>
    public IReadOnlyList<NodeChange> PlanUndo()
    {
        var joined = JoinedMirror.Find([Own]);
        var changes = new List<NodeChange>();
        if (joined is not null)
        {
            changes.Add(new NodeChange("torchyard", Own, null, NodeChangeState.Removed));
        }

        var hosts = userSettings is null ? Path.Combine(root, "etc/containerd/certs.d") : null;
        var files =
            hosts is not null && Directory.Exists(hosts)
                ? Directory
                    .EnumerateDirectories(hosts)
                    .Order(StringComparer.Ordinal)
                    .Select(directory => ("containerd", Path.Combine(directory, "hosts.toml")))
                : [];
        foreach (var (program, file) in files.Append(("podman", Podman)))
        {
            if (Read(file) is { } there)
            {
                changes.Add(
                    new NodeChange(
                        program,
                        file,
                        null,
                        there.StartsWith(Mark, StringComparison.Ordinal) ? NodeChangeState.Removed : NodeChangeState.Left
                    )
                );
            }
        }

        if (userSettings is null && joined is not null && Read(Daemon) is not null)
        {
            changes.Add(Docker($"//{HostOf(joined.Host)}:", joined.PlainHttp, isUndo: true));
        }

        return [.. changes.Where(change => change.State is NodeChangeState.Removed or NodeChangeState.Written)];
    }

    /// <summary>Writes what was planned.</summary>
    public static void Apply(IEnumerable<NodeChange> changes)
    {
        foreach (var change in changes)
        {
            switch (change)
            {
                case { State: NodeChangeState.Written, Content: { } content }:
                    StoreDirectory.Create(Path.GetDirectoryName(change.Path)!);
                    AtomicFile.WriteText(change.Path, content);
                    break;
                case { State: NodeChangeState.Removed, Content: null }:
                    File.Delete(change.Path);
                    break;
            }
        }
    }

    private string Own => JoinedMirror.FileIn(userSettings ?? Path.Combine(root, "etc"));

    private string Podman =>
        userSettings is { } settings
            ? Path.Combine(settings, "containers/registries.conf.d/50-torchyard-mirror.conf")
            : Path.Combine(root, "etc/containers/registries.conf.d/50-torchyard-mirror.conf");

    private string Daemon => Path.Combine(root, "etc/docker/daemon.json");

    private string Hosts(string registry) => Path.Combine(root, "etc/containerd/certs.d", registry, "hosts.toml");

    private bool Wants(JoinRequest request, string program, string directory) =>
        request.Programs is { } named
            ? named.Contains(program)
            : userSettings is not null || Directory.Exists(Path.Combine(root, directory));

    private static NodeChange Whole(string program, string path, string content, bool isOurs = false)
    {
        var there = Read(path);
        var state =
            there == content ? NodeChangeState.Unchanged
            : there is null || isOurs || there.StartsWith(Mark, StringComparison.Ordinal) ? NodeChangeState.Written
            : NodeChangeState.Left;
        return new NodeChange(program, path, content, state);
    }

    private static string? Read(string path) => RegularFile.TryReadText(path, LongestFile);

    // containerd adds /v2 and the path, and says the registry as ?ns=.
    private static string HostsToml(JoinRequest request, string registry)
    {
        var text = new StringBuilder();
        text.Append($"server = \"https://{(registry == Hub ? "registry-1.docker.io" : registry)}\"\n\n");
        text.Append($"[host.\"{Scheme(request.Mirror)}://{request.Mirror.Host}\"]\n");
        text.Append("  capabilities = [\"pull\", \"resolve\"]\n");
        return request.Authority is { } authority ? text.Append($"  ca = \"{authority}\"\n").ToString() : text.ToString();
    }

    private static string RegistriesConf(JoinedMirror mirror) =>
        string.Join(
            '\n',
            mirror.Registries.Select(registry =>
                $"""
                    [[registry]]
                    prefix = "{registry}"
                    location = "{registry}"

                    [[registry.mirror]]
                    location = "{mirror.Host}/{JoinedMirror.FirstPart(registry)}"
                    insecure = {(mirror.PlainHttp ? "true" : "false")}

                    """
            )
        );

    private static string Scheme(JoinedMirror mirror) => mirror.PlainHttp ? "http" : "https";

    private static string HostOf(string host)
    {
        var colon = host.LastIndexOf(':');
        return colon < 0 ? host : host[..colon];
    }

    private static string DockerAddress(JoinedMirror mirror, int port) => $"{Scheme(mirror)}://{HostOf(mirror.Host)}:{port}";

    private NodeChange Docker(string address, bool isPlain, bool isUndo)
    {
        var before = Read(Daemon);
        JsonObject settings;
        try
        {
            settings = before is null or { Length: 0 }
                ? []
                : JsonNode.Parse(before, documentOptions: new JsonDocumentOptions { MaxDepth = 32 }) as JsonObject
                    ?? throw new JsonException("it is not an object");
        }
        catch (JsonException failure)
        {
            return new NodeChange("docker", Daemon, null, NodeChangeState.Left) { Note = $"it cannot be read: {failure.Message}" };
        }

        var changed = Change(settings, "registry-mirrors", address, isUndo);
        if (isPlain)
        {
            changed |= Change(settings, "insecure-registries", address[(address.IndexOf("//", StringComparison.Ordinal) + 2)..], isUndo);
        }

        return new NodeChange(
            "docker",
            Daemon,
            changed ? settings.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n" : before,
            changed ? NodeChangeState.Written : NodeChangeState.Unchanged
        )
        {
            Note = changed ? "docker reads it when it starts: systemctl restart docker" : null,
        };
    }

    /// <summary>Adds a text to a list of docker's settings; or takes away those that contain it.</summary>
    private static bool Change(JsonObject settings, string name, string text, bool isUndo)
    {
        if (settings[name] is not JsonArray list)
        {
            if (isUndo || settings[name] is not null)
            {
                return false;
            }

            settings[name] = new JsonArray(JsonValue.Create(text));
            return true;
        }

        var same = list.Where(one =>
                one is JsonValue value
                && value.TryGetValue(out string? said)
                && (isUndo ? said.Contains(text, StringComparison.Ordinal) : said == text)
            )
            .ToList();
        if (!isUndo)
        {
            if (same.Count == 0)
            {
                list.Add((JsonNode?)JsonValue.Create(text));
            }

            return same.Count == 0;
        }

        same.ForEach(one => list.Remove(one));
        if (list.Count == 0)
        {
            settings.Remove(name);
        }

        return same.Count > 0;
    }
}

/// <summary>A mirror that is to be joined.</summary>
internal sealed record JoinRequest
{
    /// <summary>The mirror.</summary>
    public required JoinedMirror Mirror { get; init; }

    /// <summary>Programs that shall use it; null for those that are there.</summary>
    public IReadOnlyList<string>? Programs { get; init; }

    /// <summary>Certificate of its authority, for containerd; null where the machine trusts it.</summary>
    public string? Authority { get; init; }

    /// <summary>Port at which the mirror is Docker Hub's alone, which is all that docker takes; null to leave docker as it is.</summary>
    public int? DockerPort { get; init; }

    /// <summary>Reads the mirror's name.</summary>
    /// <exception cref="TorchyardException">TY6001: it is not one.</exception>
    public static JoinedMirror Parse(string host, bool plainHttp, IReadOnlyList<string> registries)
    {
        var isPlain = plainHttp || host.StartsWith("http://", StringComparison.OrdinalIgnoreCase);
        var name = Torchyard.Registry.References.ImageReference.ParseRegistry(host);
        return new JoinedMirror
        {
            Host = name.Contains(':', StringComparison.Ordinal) ? name : $"{name}:{MirrorOptions.UsualPort}",
            PlainHttp = isPlain,
            Registries =
            [
                .. (registries.Count > 0 ? registries : ["docker.io"]).Select(Torchyard.Registry.References.ImageReference.ParseRegistry),
            ],
        };
    }
}
