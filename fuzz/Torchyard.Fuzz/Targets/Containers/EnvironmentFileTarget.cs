using Torchyard.Containers.Requests;

namespace Torchyard.Fuzz.Targets.Containers;

internal sealed class EnvironmentFileTarget : FuzzTarget
{
    public override string Name => "env-file";

    public override string Input => "files of --env-file";

    public override IReadOnlyList<string> Words => ["A=b\n", "export A=b\n", "# c\n", "OWN\n", "\r\n", "='x y'\n"];

    public override object? Parse(byte[] input)
    {
        var variables = EnvironmentSyntax.File("x.env", input, static _ => "own");
        Require(
            variables.All(variable =>
                variable.IndexOf('=', StringComparison.Ordinal) > 0 && !variable.Contains('\0') && !variable.Contains('\n')
            ),
            "a variable is none"
        );
        return variables;
    }
}
