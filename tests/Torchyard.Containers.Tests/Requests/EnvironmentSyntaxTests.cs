using System.Text;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Requests;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Tests.Requests;

public class EnvironmentSyntaxTests
{
    private static readonly Dictionary<string, string> Caller = new() { ["MINE"] = "own" };

    [Theory]
    [InlineData("A=1", "A=1")]
    [InlineData("A=", "A=")]
    [InlineData("A=b=c", "A=b=c")]
    [InlineData("MINE", "MINE=own")]
    [InlineData("UNSET", null)]
    public void A_variable_is_set_or_passed_on(string text, string? variable) =>
        Assert.Equal(variable, EnvironmentSyntax.Variable(text, Caller.GetValueOrDefault));

    [Theory]
    [InlineData("")]
    [InlineData("=x")]
    [InlineData("=")]
    public void One_without_a_name_is_refused(string text)
    {
        Assert.Equal("TY4064", Assert.Throws<TorchyardException>(() => EnvironmentSyntax.Variable(text, Caller.GetValueOrDefault)).Code);
        Assert.Equal("TY4064", Assert.Throws<TorchyardException>(() => EnvironmentSyntax.Label(text)).Code);
    }

    [Fact]
    public void A_file_is_read_as_docker_reads_it()
    {
        var content =
            "\uFEFFA=1\r\n# comment\n\n  B = kept? no\n".Replace("  B = kept? no\n", "  B= kept \n", StringComparison.Ordinal)
            + "Q=\"quoted\"\nC=a #b\nMINE\nUNSET\nLAST=x";

        Assert.Equal(
            ["A=1", "B= kept ", "Q=\"quoted\"", "C=a #b", "MINE=own", "LAST=x"],
            EnvironmentSyntax.File("f", Encoding.UTF8.GetBytes(content), Caller.GetValueOrDefault)
        );
    }

    [Theory]
    [InlineData("A=1\nexport B=2\n", "f, line 2: 'export' belongs to shell scripts")]
    [InlineData("C = 3\n", "f, line 1: the name 'C ' has a blank in it")]
    [InlineData("#\n=x\n", "f, line 2: there is no name before '='")]
    [InlineData("A=1\nB=\0\n", "f, line 2: it has a zero byte in it")]
    [InlineData("two words\n", "f, line 1: the name 'two words' has a blank in it")]
    public void A_line_that_no_program_could_read_is_refused_with_its_place_and_without_its_value(string content, string message)
    {
        var failure = Assert.Throws<TorchyardException>(() =>
            EnvironmentSyntax.File("f", Encoding.UTF8.GetBytes(content), Caller.GetValueOrDefault)
        );

        Assert.Equal(("TY4065", message), (failure.Code, failure.Message));
    }

    [Fact]
    public void Bytes_that_are_no_utf8_are_refused() =>
        Assert.Equal(
            "f, line 2: it is not UTF-8",
            Assert
                .Throws<TorchyardException>(() => EnvironmentSyntax.File("f", [.. "A=1\nB="u8, 0xff, .. "\n"u8], Caller.GetValueOrDefault))
                .Message
        );

    [Theory]
    [InlineData("0-1", "0-3", null)]
    [InlineData("3,0-1", "0-3", null)]
    [InlineData("99", "0-1", "CPUs 99 are not available, available: 0-1")]
    [InlineData("0-5,9", "0-1,4", "CPUs 2-3,5,9 are not available, available: 0-1,4")]
    [InlineData("0", "", null)]
    public void Cpus_that_the_machine_does_not_have_are_named(string asked, string available, string? problem)
    {
        var failure = Record.Exception(() =>
            CpuNumbers.Require("--cpuset-cpus", asked, available.Length == 0 ? new SortedSet<int>() : CpuNumbers.TryParse(available)!)
        );

        Assert.Equal(problem is null ? null : $"--cpuset-cpus '{asked}' cannot be used: {problem}", failure?.Message);
    }

    [Fact]
    public void What_the_kernel_does_not_take_is_refused_before_it_sees_it()
    {
        var big = new string('x', 200_000);
        Assert.StartsWith("the variable BIG has 200004 bytes", Refused([], ["BIG=" + big]), StringComparison.Ordinal);
        Assert.StartsWith("the argument 'xxxx", Refused([big], []), StringComparison.Ordinal);
        Assert.StartsWith(
            "arguments and environment have ",
            Refused([.. Enumerable.Repeat(new string('x', 100_000), 30)], []),
            StringComparison.Ordinal
        );
        ProgramSize.Require([new string('x', 131_071)], ["A=1"]);
        ProgramSize.Require([.. Enumerable.Repeat(new string('x', 100_000), 30)], [], stack: null);

        static string Refused(IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
        {
            var failure = Assert.Throws<TorchyardException>(() => ProgramSize.Require(arguments, environment));
            Assert.Equal("TY4068", failure.Code);
            return failure.Message;
        }
    }
}
