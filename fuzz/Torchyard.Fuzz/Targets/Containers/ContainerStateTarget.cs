using Torchyard.Containers.Gpus;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.State;

namespace Torchyard.Fuzz.Targets.Containers;

internal sealed class ContainerStateTarget : FuzzTarget
{
    public override string Name => "container-records";

    public override string Input =>
        "container.json, state.json and plan.json in a store that others may write to; what other users say of GPUs";

    public override IReadOnlyList<string> Words =>
        [
            "\"status\":\"Running\"",
            "\"init\":{\"id\":1,\"startTime\":2}",
            "\"monitor\":",
            "\"started\":",
            "\"exitCode\":",
            "\"id\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"",
            "\"name\":\"a\"",
            "\"command\":[\"sh\"]",
            "\"labels\":{}",
            "\"ports\":[]",
            "{\"version\":1,\"processId\":1,\"startTime\":2,\"gpus\":[\"GPU-aa\"]}",
            "null",
        ];

    public override object? Parse(byte[] input)
    {
        var record = StateJson.Record.Parse(input, "container.json");
        var state = StateJson.State.Parse(input, "state.json");
        var plan = NamespaceJson.Plan.Parse(input, "plan.json");
        var claim = ClaimJson.Record.Parse(input, "claim");
        Require(
            claim.Value is not { Name: { } name } || name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '.' or '-'),
            "a name of another user has characters that no container's has"
        );
        Require(
            record.Value is null == record.Damage is not null && state.Value is null == state.Damage is not null,
            "a record is neither read nor refused"
        );
        return (record, state, plan, claim);
    }
}
