using Torchyard.Supervisor.Preparation;

namespace Torchyard.Fuzz.Targets.Supervisor;

internal sealed class PasswdTarget : FuzzTarget
{
    public override string Name => "supervisor-passwd";

    public override string Input => "/etc/passwd of an image, read by the supervisor inside";

    public override IReadOnlyList<string> Words => ["trainer:x:1000:1000::/home/trainer:/bin/bash\n", ":", "1000"];

    public override object? Parse(byte[] input) => PasswdLine.Find(1000, InputFile.Write(input, "passwd"));
}
