using Torchyard.Supervisor.Control;
using Torchyard.Supervisor.Logs;

namespace Torchyard.Fuzz.Targets.Supervisor;

internal sealed class ControlRequestTarget : FuzzTarget
{
    public override string Name => "control-request";

    public override string Input => "lines on the supervisor's control socket, and the ends of logs";

    public override IReadOnlyList<string> Words =>
        ["{\"op\":\"status\"}", "{\"op\":\"logs\",\"service\":\"a\",\"lines\":10,\"follow\":true}", "\"\\ud800\"", "-1", "null"];

    public override object? Parse(byte[] input)
    {
        var request = ControlRequest.Parse(input, out var error);
        Require(request is null == error.Length > 0, "a request is neither read nor refused");
        return (request, error, RotatingLog.LastLines(input, 5));
    }
}
