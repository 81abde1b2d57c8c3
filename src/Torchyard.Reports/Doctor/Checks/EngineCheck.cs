using System.Text.Json;
using Torchyard.Platform.Text;

namespace Torchyard.Reports.Doctor.Checks;

/// <summary>Whether other engines can pass GPUs: CDI documents and whether they still fit the driver, Docker's NVIDIA runtime.</summary>
internal sealed class EngineCheck : IMachineCheck
{
    public IEnumerable<Finding> Run(MachineView machine)
    {
        if (machine.ModuleVersion is null)
        {
            yield break;
        }

        var documents = 0;
        foreach (var directory in (string[])["/etc/cdi", "/var/run/cdi", "/run/cdi"])
        {
            // /var/run is a link to /run on most machines: look at each document once.
            if (directory == "/run/cdi" && machine.Files.Resolve("/var/run") == "/run")
            {
                continue;
            }

            foreach (
                var name in machine
                    .Files.List(directory)
                    .Where(n => n.EndsWith(".json", StringComparison.Ordinal) || n.EndsWith(".yaml", StringComparison.Ordinal))
            )
            {
                documents++;
                var path = $"{directory}/{name}";
                var missing = HostPaths(machine.Files.ReadText(path) ?? "", name).Where(p => !machine.Files.Exists(p)).Distinct().ToList();
                if (missing.Count > 0)
                {
                    yield return new Finding
                    {
                        Id = "engines.cdi-stale",
                        Area = "containers",
                        State = CheckState.Fail,
                        Text = $"{path} names {Count.Of(missing.Count, "file")} that are gone, such as {missing[0]}",
                        Why = "podman and docker fail to start containers with GPUs after a driver update",
                        Cure = "torchyard cdi --install (or nvidia-ctk cdi generate) after each driver update",
                    };
                }
                else
                {
                    yield return new Finding
                    {
                        Id = "engines.cdi",
                        Area = "containers",
                        State = CheckState.Ok,
                        Text = $"{path}: every file it names exists",
                    };
                }
            }
        }

        var podman = PathSearch.Find(machine, "podman");
        var docker = PathSearch.Find(machine, "docker");
        if (documents == 0 && (podman ?? docker) is { } engine)
        {
            var runtime = machine.Files.ReadText("/etc/docker/daemon.json")?.Contains("nvidia", StringComparison.Ordinal) == true;
            if (engine == podman || !runtime)
            {
                yield return new Finding
                {
                    Id = "engines.cdi",
                    Area = "containers",
                    State = CheckState.Warn,
                    Text = $"{engine} is here, but no CDI document for NVIDIA GPUs",
                    Why = "other engines cannot pass GPUs; torchyard run needs none, with --engine too",
                    Cure =
                        "torchyard cdi --install" + (engine == docker ? "; docker reads it from version 25 on, with the feature cdi" : ""),
                };
            }
        }
    }

    /// <summary>Host paths in a CDI document: by structure in JSON, by line in YAML.</summary>
    private static List<string> HostPaths(string text, string name)
    {
        var paths = new List<string>();
        if (name.EndsWith(".json", StringComparison.Ordinal))
        {
            try
            {
                using var document = UnicodeJson.Parse(text, new JsonDocumentOptions { MaxDepth = 32 });
                Collect(document.RootElement, paths);
            }
            catch (JsonException)
            {
                // An unreadable document is the engine's to refuse.
            }

            return paths;
        }

        foreach (var line in text.Split('\n'))
        {
            var at = line.IndexOf("hostPath:", StringComparison.Ordinal);
            if (at >= 0)
            {
                paths.Add(line[(at + "hostPath:".Length)..].Trim().Trim('"', '\''));
            }
        }

        return paths;
    }

    private static void Collect(JsonElement element, List<string> paths)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
            {
                Collect(item, paths);
            }
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in element.EnumerateObject())
            {
                if (member.NameEquals("hostPath") && member.Value.ValueKind == JsonValueKind.String)
                {
                    paths.Add(member.Value.GetString()!);
                }
                else
                {
                    Collect(member.Value, paths);
                }
            }
        }
    }
}
