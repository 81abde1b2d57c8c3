using System.Text;
using CsCheck;
using Torchyard.Packages.Python.Wheels;

namespace Torchyard.Packages.Tests.Python.Wheels;

public sealed class RecordFileTests
{
    [Fact]
    public void What_is_written_is_read_back()
    {
        var line = Gen.Select(
            Gen.String[Gen.Char[" ,\"abcé\n./"], 1, 20],
            Gen.Byte.Array[32],
            Gen.Long[0, long.MaxValue],
            (path, hash, size) => new RecordLine(path, RecordHash.Sha256(hash), size)
        );
        line.List[0, 20]
            .Sample(lines =>
            {
                var expected = lines.DistinctBy(l => l.Path).ToDictionary(l => l.Path);
                var read = RecordFile.Parse(RecordFile.Write(expected.Values));
                Assert.Equal(expected, read);
            });
    }

    [Theory]
    [InlineData("a,b\n")]
    [InlineData("a,sha1=abc,1\n")]
    [InlineData("a,sha256=AAAA,1\n")]
    [InlineData("\"a,,\n")]
    [InlineData("a,,-1\n")]
    [InlineData("a,,1\na,,2\n")]
    public void Broken_lines_are_refused(string text) =>
        Assert.Throws<InvalidDataException>(() => RecordFile.Parse(Encoding.UTF8.GetBytes(text)));
}
