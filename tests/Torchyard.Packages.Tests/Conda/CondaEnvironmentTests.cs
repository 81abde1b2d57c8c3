using System.Text;
using Torchyard.Packages.Conda;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Tests.Conda;

public sealed class CondaEnvironmentTests
{
    [Fact]
    public void Every_part_is_read_with_its_line_and_what_is_not_known_is_kept()
    {
        var read = Read(
            """
            name: ldm
            channels: [pytorch, defaults]   # two
            dependencies:
              - python=3.8.5
              - pip:
                - -e .
                - "einops==0.3.0"
              - other:
                - x
            variables:
              A: "1"
            prefix: /home/me/env
            license: mit
            """
        );

        Assert.Equal("ldm", read.Name!.Text);
        Assert.Equal([new("pytorch", 2), new("defaults", 2)], read.Channels);
        Assert.Equal([new("python=3.8.5", 4)], read.Dependencies);
        Assert.Equal([new("-e .", 6), new("einops==0.3.0", 7)], read.Pip);
        Assert.Equal([("A", "1", 11)], read.Variables);
        Assert.Equal(["other:", "license"], read.Unknown.Select(line => line.Text));
    }

    [Theory]
    [InlineData("a: [1, 2", "this is not YAML")]
    [InlineData("dependencies:\n  - &a x\n  - *a\n", "aliases")]
    [InlineData("- just\n- a list\n", "no list of dependencies")]
    [InlineData("dependencies: {a: b}\n", "no list of dependencies")]
    [InlineData("", "no list of dependencies")]
    public void What_is_not_an_environment_is_refused(string text, string why)
    {
        var refusal = Assert.Throws<TorchyardException>(() => Read(text));
        Assert.Equal("TY1050", refusal.Code);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_without_end_is_refused() =>
        Assert.Equal("TY1050", Assert.Throws<TorchyardException>(() => Read("dependencies: " + new string('[', 5000))).Code);

    private static CondaEnvironment Read(string text) => CondaEnvironment.Parse(Encoding.UTF8.GetBytes(text), "environment.yml");
}
