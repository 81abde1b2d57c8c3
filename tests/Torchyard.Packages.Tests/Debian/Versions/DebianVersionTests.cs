using System.Text;
using CsCheck;
using Torchyard.Packages.Debian.Versions;
using Torchyard.Platform.Processes;

namespace Torchyard.Packages.Tests.Debian.Versions;

public sealed class DebianVersionTests
{
    // Few different characters make near misses likely.
    private static readonly Gen<string> Part = Gen.Char["0019azA.+~"].Array[1, 6].Select(chars => "1" + new string(chars));

    private static readonly Gen<string> Version = Gen.Select(
            Gen.OneOf(Gen.Const(""), Gen.Const("0:"), Gen.Const("1:"), Gen.Const("12:")),
            Part,
            Gen.OneOf(Gen.Const(""), Part.Select(part => "-" + part))
        )
        .Select((epoch, upstream, revision) => epoch + upstream + revision);

    [Theory]
    [InlineData("1.0", "1.0-0", 0)]
    [InlineData("1.0~rc1", "1.0", -1)]
    [InlineData("1.0~~", "1.0~", -1)]
    [InlineData("1:0.1", "2.0", 1)]
    [InlineData("1.10", "1.9", 1)]
    [InlineData("1.0+b1", "1.0", 1)]
    [InlineData("1.0a", "1.0+", -1)]
    [InlineData("1.001", "1.1", 0)]
    [InlineData("2.6.0+dfsg-7", "2.6.0+dfsg-7+b1", -1)]
    [InlineData("1-2-3", "1-2-4", -1)]
    public void Known_pairs(string left, string right, int sign)
    {
        Assert.Equal(sign, Math.Sign(DebianVersion.Compare(left, right)));
        Assert.Equal(-sign, Math.Sign(DebianVersion.Compare(right, left)));
    }

    [Fact]
    public void The_order_is_total() =>
        Gen.Select(Version, Version, Version)
            .Sample(
                (a, b, c) =>
                {
                    var ab = DebianVersion.Compare(a, b);
                    return Math.Sign(ab) == -Math.Sign(DebianVersion.Compare(b, a))
                        && (ab > 0 || DebianVersion.Compare(b, c) > 0 || DebianVersion.Compare(a, c) <= 0)
                        && DebianVersion.Compare(a, a) == 0;
                }
            );

    [Fact]
    public void Any_bytes_compare_without_failing() =>
        Gen.Select(Gen.Byte.Array[0, 12], Gen.Byte.Array[0, 12])
            .Sample((a, b) => Math.Sign(DebianVersion.Compare(a, b)) == -Math.Sign(DebianVersion.Compare(b, a)));

    [Fact]
    public async Task The_order_is_dpkg_s()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/dpkg"), "the machine has no dpkg");
        var pairs = new List<(string Left, string Right)>();
        Gen.Select(Version, Version)
            .Sample(
                (left, right) =>
                {
                    lock (pairs)
                    {
                        pairs.Add((left, right));
                    }
                },
                iter: 400
            );

        // One shell for all pairs: starting it a thousand times would take longer than all other tests.
        var script = new StringBuilder();
        foreach (var (left, right) in pairs)
        {
            script.Append("if dpkg --compare-versions '").Append(left).Append("' lt '").Append(right).Append("'; then echo -1; ");
            script
                .Append("elif dpkg --compare-versions '")
                .Append(left)
                .Append("' eq '")
                .Append(right)
                .Append("'; then echo 0; else echo 1; fi\n");
        }

        var result = await HostCommand.RunAsync(
            HostProgram.At("/bin/sh"),
            ["-s"],
            input: script.ToString(),
            cancellation: TestContext.Current.CancellationToken
        );
        var answers = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(pairs.Count, answers.Length);
        for (var i = 0; i < pairs.Count; i++)
        {
            var (left, right) = pairs[i];
            Assert.True(
                int.Parse(answers[i]) == Math.Sign(DebianVersion.Compare(left, right)),
                $"dpkg says {answers[i]} for '{left}' and '{right}'"
            );
        }
    }

    [Theory]
    [InlineData("1.0-1", true)]
    [InlineData("0:1.0", true)]
    [InlineData("1:2:3-4", true)]
    [InlineData("", false)]
    [InlineData("a1", false)]
    [InlineData("1.0-", false)]
    [InlineData(":1", false)]
    [InlineData("x:1", false)]
    [InlineData("99999999999:1", false)]
    [InlineData("1 0", false)]
    [InlineData("1;rm", false)]
    public void Syntax(string version, bool valid) => Assert.Equal(valid, DebianVersion.IsValid(version));
}
