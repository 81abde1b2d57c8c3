using CsCheck;
using Torchyard.Containers.Oci;

namespace Torchyard.Containers.Tests.Oci;

/// <summary>
/// The filter of a container that writes to the machine's directories: no call can make a set-user-id or set-group-id file.
/// </summary>
public class SetIdBitTests
{
    private static readonly SeccompConfig Filter = SeccompProfile.Default([], setIdBits: false);

    // System call, position of its flags or -1, position of its mode (their manual pages, section 2).
    private static readonly (string Name, int Flags, int Mode)[] Calls =
    [
        ("chmod", -1, 1),
        ("fchmod", -1, 1),
        ("fchmodat", -1, 2),
        ("fchmodat2", -1, 2),
        ("creat", -1, 1),
        ("mknod", -1, 1),
        ("mknodat", -1, 2),
        ("open", 1, 2),
        ("openat", 2, 3),
    ];

    [Fact]
    public void A_mode_with_either_bit_is_refused_and_every_other_is_let_through() =>
        Gen.Select(Gen.Int[0, Calls.Length - 1].Select(index => Calls[index]), Gen.ULong, Gen.ULong, Gen.Bool)
            .Sample(
                (call, flags, mode, plain) =>
                {
                    mode = plain ? mode & 0x1FF : mode;
                    var arguments = new ulong[6];
                    if (call.Flags >= 0)
                    {
                        arguments[call.Flags] = flags;
                    }

                    arguments[call.Mode] = mode;
                    var makes = call.Flags < 0 || (flags & (0x40 | 0x400000)) != 0;
                    Assert.Equal(!makes || (mode & 0xC00) == 0, Allows(Filter, call.Name, arguments));
                }
            );

    [Fact]
    public void A_call_whose_mode_no_filter_can_see_does_not_exist()
    {
        var rule = Assert.Single(Filter.Syscalls, rule => rule.Names.Contains("openat2"));
        Assert.Equal(("SCMP_ACT_ERRNO", 38), (rule.Action, rule.ErrnoRet));
    }

    [Fact]
    public void Without_such_a_mount_the_same_calls_are_allowed_with_any_mode()
    {
        var open = SeccompProfile.Default([], setIdBits: true);
        Assert.All(Calls.Select(call => call.Name).Append("openat2"), name =>
            Assert.True(Allows(open, name, [ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, 0, 0]))
        );
        Assert.Equal(Names(open), Names(Filter).Append("openat2").Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Names(SeccompConfig filter) =>
        filter
            .Syscalls.Where(rule => rule.Action == "SCMP_ACT_ALLOW")
            .SelectMany(rule => rule.Names)
            .Distinct()
            .Order(StringComparer.Ordinal);

    private static bool Allows(SeccompConfig filter, string name, ulong[] arguments) =>
        filter.Syscalls.Any(rule =>
            rule.Action == "SCMP_ACT_ALLOW"
            && rule.Names.Contains(name)
            && (rule.Args ?? []).All(argument =>
                argument.Op == "SCMP_CMP_MASKED_EQ" && (arguments[argument.Index] & argument.Value) == argument.ValueTwo
            )
        );
}
