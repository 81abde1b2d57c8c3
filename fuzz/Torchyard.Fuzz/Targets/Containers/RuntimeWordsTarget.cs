using Torchyard.Containers.Launch;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.Sessions;

namespace Torchyard.Fuzz.Targets.Containers;

/// <summary>Standard error of a container: the runtime's own words come first, and nothing of the program's may get lost.</summary>
internal sealed class RuntimeWordsTarget : FuzzTarget
{
    public override string Name => "runtime-words";

    public override string Input => "what crun or runc and the program inside print, and what a monitor tells";

    public override IReadOnlyList<string> Words =>
        [
            "{\"msg\":\"exec container process",
            "\",\"level\":\"error\"}\n",
            "exec: ",
            "open executable: No such file or directory",
            "chdir `/x`: ",
            "\n",
            "TY4041\tmessage\tcure\t\n",
        ];

    public override object? Parse(byte[] input)
    {
        var (message, passed) = Read(input, input.Length);
        Require(passed.Length + (message is null ? 0 : input.Length) >= input.Length, "something that the program wrote got lost");
        var text = System.Text.Encoding.UTF8.GetString(input);
        return (message, passed, RuntimeLog.Words(text), RuntimeLog.ErrorOf(text), MonitorFailure.TryRead(text.Split('\t'))?.Message);
    }

    private static (string? Message, byte[] Passed) Read(byte[] input, int piece)
    {
        using var sink = new MemoryStream();
        var words = new RuntimeWords(data =>
        {
            sink.Write(data);
            return true;
        });
        for (var at = 0; at < input.Length; at += piece)
        {
            words.Pass(input.AsSpan(at, Math.Min(piece, input.Length - at)));
        }

        words.End();
        return (words.Message, sink.ToArray());
    }
}
