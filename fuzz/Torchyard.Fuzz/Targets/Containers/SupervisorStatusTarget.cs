using System.Text.Json;
using Torchyard.Containers.Sessions;

namespace Torchyard.Fuzz.Targets.Containers;

internal sealed class SupervisorStatusTarget : FuzzTarget
{
    public override string Name => "supervisor-status";

    public override string Input => "what the program behind a container's control socket says";

    public override IReadOnlyList<string> Words =>
        [
            "\"state\":\"running\"",
            "\"ready\":true",
            "\"services\":[{\"name\":\"jupyter\",\"state\":\"ready\",\"port\":8888}]",
            "\"warnings\":[\"a\"]",
            "\"uptimeSeconds\":1.5",
            "null",
            "[null]",
        ];

    public override bool IsRefusal(Exception failure) => failure is JsonException;

    public override object? Parse(byte[] input)
    {
        var status = SupervisorClient.Parse(input);
        if (status is not null)
        {
            Require(
                status.Services is not null && status.Services.All(service => service is { Name: not null, State: not null }),
                "a service of a status has no name or state"
            );
            Require(
                status.Warnings is not null && status.Warnings.All(warning => warning is not null),
                "a warning of a status has no text"
            );
        }

        return status;
    }
}
