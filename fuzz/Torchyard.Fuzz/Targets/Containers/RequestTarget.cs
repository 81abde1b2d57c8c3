using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Text;

namespace Torchyard.Fuzz.Targets.Containers;

/// <summary>What is written on a command line, in a recipe or in an image's configuration, one line for each kind.</summary>
internal sealed class RequestTarget : TextTarget
{
    private static readonly Func<string, object?>[] Readers =
    [
        PortMapping.Parse,
        UlimitSyntax.Parse,
        text => EnvironmentSyntax.Variable(text, _ => "own"),
        text => EnvironmentSyntax.Label(text),
        ProcessSyntax.HostName,
        ProcessSyntax.Directory,
        ProcessSyntax.User,
        text => CpuNumbers.TryParse(text),
        text => SignalNumbers.Parse(text),
        text => ByteSize.TryParse(text, out var bytes) ? bytes : null,
        text => Duration.TryParse(text, out var time) ? Again(time) : null,
    ];

    public override string Name => "request";

    public override string Input => "ports, limits, variables, labels, users, signals, sizes and times: recipes, images and command lines";

    public override int LongestInput => 1024;

    public override IReadOnlyList<string> Words =>
        [
            "8080:80",
            "127.0.0.1:",
            "[::1]:",
            "8000-8010:",
            "/udp",
            "nofile=1024:2048",
            "A=b",
            "unlimited",
            "SIGTERM",
            "RTMIN+3",
            "0-3,7",
            "1.5g",
            "80%",
            "1h30m",
            "user:group",
        ];

    protected override object? Parse(string text) => Readers.Select(read => Try(() => read(text))).ToList();

    private static TimeSpan Again(TimeSpan time) =>
        Duration.TryParse(Duration.Written(time), out var again) && again == time
            ? time
            : throw new InvalidOperationException("a time is not read as it was written");

    private static object? Try(Func<object?> read)
    {
        try
        {
            return read();
        }
        catch (TorchyardException refusal)
        {
            return refusal.Code + refusal.Message;
        }
    }
}
