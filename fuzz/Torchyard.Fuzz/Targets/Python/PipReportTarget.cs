using Torchyard.Packages.Python.Pip;

namespace Torchyard.Fuzz.Targets.Python;

internal sealed class PipReportTarget : FuzzTarget
{
    public override string Name => "pip-report";

    public override string Input => "pip's report of a resolution, made in the sandbox";

    public override IReadOnlyList<string> Words =>
        [
            "\"version\":\"1\"",
            "\"install\":[",
            "\"download_info\":{\"url\":\"https://host.example/a-1-py3-none-any.whl\"}",
            "\"metadata\":{\"name\":\"a\",\"version\":\"1\",\"requires_dist\":[\"b\"]}",
            "\"requested\":true",
            "\"environment\":{\"python_version\":\"3.13\"}",
            "null",
        ];

    public override bool IsRefusal(Exception failure) => failure is InvalidDataException;

    public override object? Parse(byte[] input)
    {
        var report = PipReport.Parse(input);
        return (report, report.MarkerEnvironment());
    }
}
