using CsCheck;
using Torchyard.Platform.Digests;

namespace Torchyard.Platform.Tests;

public sealed class DigestTests
{
    [Fact]
    public void Of_empty_input_is_the_known_sha256() =>
        Assert.Equal("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Digest.Of([]).ToString());

    [Fact]
    public void Text_round_trips() =>
        Gen
            .Byte.Array[0, 64]
            .Sample(data =>
            {
                var digest = Digest.Of(data);
                return Digest.Parse(digest.ToString()) == digest && Digest.Parse(digest.Hex) == digest;
            });

    [Theory]
    [InlineData("")]
    [InlineData("sha256:")]
    [InlineData("sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")]
    [InlineData("../../etc/passwd")]
    public void Anything_else_is_refused(string text) => Assert.False(Digest.TryParse(text, out _));
}
