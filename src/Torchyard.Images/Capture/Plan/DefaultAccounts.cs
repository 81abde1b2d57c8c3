namespace Torchyard.Images.Capture.Plan;

/// <summary>
/// Accounts for systems without Debian's base-passwd: those of the Linux Standard Base that files of a base system belong to.
/// </summary>
internal static class DefaultAccounts
{
    public const string Passwd = """
        root:x:0:0:root:/root:/bin/bash
        daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
        bin:x:2:2:bin:/bin:/usr/sbin/nologin
        nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin

        """;

    public const string Group = """
        root:x:0:
        daemon:x:1:
        bin:x:2:
        tty:x:5:
        nogroup:x:65534:

        """;
}
