using Torchyard.Supervisor.Preparation;
using Torchyard.Supervisor.Services;

namespace Torchyard.Fuzz.Targets.Supervisor;

internal sealed class ServicesFileTarget : FuzzTarget
{
    public override string Name => "services-file";

    public override string Input => "services.json and first-start.json of an image, read by the supervisor inside";

    public override IReadOnlyList<string> Words =>
        [
            "\"version\":1",
            "\"services\":[",
            "{\"name\":\"a\",\"command\":[\"sleep\",\"1\"]}",
            "\"after\":[\"b\"]",
            "\"environment\":{\"A\":\"b\"}",
            "\"ready\":{\"kind\":\"http\",\"path\":\"/\"}",
            "\"restart\":\"always\"",
            "\"port\":8888",
            "\"\\ud800\"",
            "1e400",
            "null",
            "\"steps\":[{\"name\":\"a\",\"makes\":\"b\",\"command\":\"c\"}]",
        ];

    public override bool IsRefusal(Exception failure) => failure is ServicesFileException;

    public override object? Parse(byte[] input)
    {
        try
        {
            return ServicesFile.Parse(input, "/etc/torchyard/services.json");
        }
        catch (ServicesFileException)
        {
            return FirstStart.Parse(input, "/etc/torchyard/first-start.json");
        }
    }
}
