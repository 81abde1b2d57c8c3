using Torchyard.Containers.Engines;
using Torchyard.Platform.Processes;

namespace Torchyard.Fuzz.Targets.Containers;

internal sealed class DockerInfoTarget : TextTarget
{
    public override string Name => "docker-info";

    public override string Input => "the answer of docker info";

    public override IReadOnlyList<string> Words =>
        [
            "\"ServerVersion\":\"28.1.0\"",
            "\"SecurityOptions\":[\"name=rootless\"]",
            "\"Runtimes\":{\"nvidia\":{}}",
            "\"ServerErrors\":[\"permission denied while trying to connect\"]",
            "null",
            "\"\\ud800\"",
        ];

    protected override object? Parse(string text) => DockerDaemon.Read(new CommandResult(0, text, ""), "me");
}
