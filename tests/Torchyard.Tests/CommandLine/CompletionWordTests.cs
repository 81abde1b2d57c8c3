using Torchyard.CommandLine;

namespace Torchyard.Tests.CommandLine;

public sealed class CompletionWordTests
{
    [Theory]
    [InlineData("--network=private")]
    [InlineData("ghcr.io/team/image:1.0@sha256:ab")]
    [InlineData("a+b,c_d-e")]
    public void Names_are_literal(string word) => Assert.True(CompletionWord.IsLiteral(word));

    /// <summary>Each printable character but those that names are made of, in the middle of a word and at its ends.</summary>
    [Fact]
    public void Whatever_a_shell_could_read_otherwise_is_not()
    {
        var odd = Enumerable
            .Range(0, 0x2100)
            .Select(value => (char)value)
            .Where(letter => !char.IsAsciiLetterOrDigit(letter) && !"-._:/@+=,".Contains(letter, StringComparison.Ordinal));
        Assert.DoesNotContain(odd, letter =>
            CompletionWord.IsLiteral($"a{letter}b") || CompletionWord.IsLiteral($"{letter}b") || CompletionWord.IsLiteral($"a{letter}")
        );
        Assert.False(CompletionWord.IsLiteral(""));
        Assert.False(CompletionWord.IsLiteral("=ls"));
    }
}
