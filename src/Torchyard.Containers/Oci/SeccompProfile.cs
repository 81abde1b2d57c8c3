using System.Globalization;
using System.Runtime.InteropServices;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Oci;

/// <summary>Makes the system call filter from the table in <c>seccomp-default.txt</c>.</summary>
internal static class SeccompProfile
{
    private const string Allow = "SCMP_ACT_ALLOW";
    private const string Deny = "SCMP_ACT_ERRNO";
    private const int NotPermitted = 1;
    private const int NotImplemented = 38;

    // S_ISUID and S_ISGID; O_CREAT and __O_TMPFILE, the same on x86 and Arm.
    private const ulong MakesFile = 0x400040;

    /// <summary>The default filter for a container with the given capabilities on this machine.</summary>
    /// <param name="capabilities">Its capabilities.</param>
    /// <param name="setIdBits">
    /// False where a file with a set-user-id or set-group-id bit could be reached by others: on a mount of the machine it would belong to
    /// the mount's owner, and anybody who can reach it could run it as that owner.
    /// </param>
    public static SeccompConfig Default(IReadOnlyCollection<string> capabilities, bool setIdBits)
    {
        using var stream = typeof(SeccompProfile).Assembly.GetManifestResourceStream("seccomp-default.txt")
            ?? throw new InvalidOperationException("the system call table is missing from the program");
        using var reader = new StreamReader(stream);
        return Read(reader, capabilities, setIdBits, RuntimeInformation.ProcessArchitecture);
    }

    /// <summary>Reads a table.</summary>
    internal static SeccompConfig Read(
        TextReader table,
        IReadOnlyCollection<string> capabilities,
        bool setIdBits,
        Architecture architecture
    )
    {
        var allowed = new SortedSet<string>(StringComparer.Ordinal);
        var rules = new List<SeccompRule>();
        var name = architecture == Architecture.Arm64 ? "aarch64" : "x86_64";
        while (table.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var head = (colon < 0 ? "allow" : line[..colon]).Split(' ');
            var names = (colon < 0 ? line["allow ".Length..] : line[(colon + 1)..]).Split(' ', StringSplitOptions.RemoveEmptyEntries);
            switch (head)
            {
                case ["allow"]:
                    allowed.UnionWith(names);
                    break;
                case ["arch", var only]:
                    allowed.UnionWith(only == name ? names : []);
                    break;
                case ["cap", var capability]:
                    allowed.UnionWith(capabilities.Contains(capability) ? names : []);
                    break;
                case ["arg", .. var condition]:
                    rules.Add(
                        new SeccompRule
                        {
                            Names = names,
                            Action = Allow,
                            Args = [Argument(condition)],
                        }
                    );
                    break;
                case ["nocap", var capability, "arg", .. var condition] when !capabilities.Contains(capability):
                    rules.Add(
                        new SeccompRule
                        {
                            Names = names,
                            Action = Allow,
                            Args = [Argument(condition)],
                        }
                    );
                    break;
                case ["nocap", var capability, "errno", var number] when !capabilities.Contains(capability):
                    rules.Add(
                        new SeccompRule
                        {
                            Names = names,
                            Action = Deny,
                            ErrnoRet = int.Parse(number, CultureInfo.InvariantCulture),
                        }
                    );
                    break;
                case ["nocap", ..]:
                    break;
                case ["mode" or "open" or "openhow", ..] when setIdBits:
                    allowed.UnionWith(names);
                    break;
                case ["mode", var mode]:
                    rules.Add(
                        new SeccompRule
                        {
                            Names = names,
                            Action = Allow,
                            Args = [Without(mode, FileModes.SetIds)],
                        }
                    );
                    break;
                case ["open", var flags, var mode]:
                    rules.Add(
                        new SeccompRule
                        {
                            Names = names,
                            Action = Allow,
                            Args = [Without(flags, MakesFile)],
                        }
                    );
                    rules.Add(
                        new SeccompRule
                        {
                            Names = names,
                            Action = Allow,
                            Args = [Without(mode, FileModes.SetIds)],
                        }
                    );
                    break;
                case ["openhow"]:
                    rules.Add(
                        new SeccompRule
                        {
                            Names = names,
                            Action = Deny,
                            ErrnoRet = NotImplemented,
                        }
                    );
                    break;
                default:
                    throw new InvalidDataException($"system call table: cannot read '{line}'");
            }
        }

        rules.Insert(0, new SeccompRule { Names = [.. allowed], Action = Allow });
        return new SeccompConfig
        {
            DefaultAction = Deny,
            DefaultErrnoRet = NotPermitted,
            Architectures =
                architecture == Architecture.Arm64
                    ? ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]
                    : ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
            Syscalls = rules,
        };
    }

    /// <summary>Holds when an argument has none of some bits.</summary>
    private static SeccompArgument Without(string index, ulong bits) =>
        new(uint.Parse(index, CultureInfo.InvariantCulture), bits, "SCMP_CMP_MASKED_EQ", 0);

    private static SeccompArgument Argument(string[] condition) =>
        new(
            uint.Parse(condition[0], CultureInfo.InvariantCulture),
            ulong.Parse(condition[2], CultureInfo.InvariantCulture),
            "SCMP_CMP_" + condition[1],
            condition.Length > 3 ? ulong.Parse(condition[3], CultureInfo.InvariantCulture) : null
        );
}
