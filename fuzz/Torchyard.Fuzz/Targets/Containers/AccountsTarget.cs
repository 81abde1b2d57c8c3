using Torchyard.Containers.Launch;

namespace Torchyard.Fuzz.Targets.Containers;

/// <summary>The first line is the user that is asked for, the others are both files.</summary>
internal sealed class AccountsTarget : TextTarget
{
    public override string Name => "accounts";

    public override string Input => "/etc/passwd and /etc/group of images, and the user that their configuration names";

    public override IReadOnlyList<string> Words =>
        [
            "root:x:0:0:root:/root:/bin/sh\n",
            "trainer:x:1000:1000::/home/trainer:/bin/bash\n",
            "video:x:44:trainer,root\n",
            "1000:1000\n",
            "trainer:video\n",
            "4294967295",
            "-1",
        ];

    protected override object? Parse(string text)
    {
        var lines = text.Split('\n');
        var user = UserResolver.Resolve(lines[0], [], lines, lines);
        Require(user.Home.StartsWith('/'), "the home directory is no path");
        return user;
    }
}
