using System.Text;
using CsCheck;
using Torchyard.Packages.Debian.Control;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Tests.Debian.Control;

public sealed class ControlReaderTests
{
    private static readonly Gen<string> Name = Gen.Char['a', 'z'].Array[1, 8].Select(chars => "X" + new string(chars));
    private static readonly Gen<string> Line = Gen.Char["ab1:#=. "].Array[0, 10].Select(chars => new string(chars).Trim());

    [Fact]
    public void Stanzas_round_trip()
    {
        var value = Gen.Select(Line, Line.Where(line => line.Length > 0).Array[0, 3])
            .Select((first, more) => string.Concat([first, .. more.Select(line => "\n " + line)]).Trim());
        var stanza = Gen.Select(Name, value).Array[1, 5];
        stanza
            .Array[0, 5]
            .Sample(stanzas =>
            {
                var text = string.Join(
                    "\n",
                    stanzas.Select(fields => string.Concat(fields.Select(field => $"{field.Item1}: {field.Item2}\n")))
                );
                return Read(text).SequenceEqual(stanzas.SelectMany((fields, i) => fields.Select(field => (i, field.Item1, field.Item2))));
            });
    }

    [Fact]
    public void Comments_end_of_line_forms_and_blank_lines_are_as_dpkg_reads_them()
    {
        const string text = "\n\n# of people\nTypes: deb\r\nURIs: a\n# inside\n b\n\t\nTypes: deb-src\n";
        Assert.Equal([(0, "Types", "deb"), (0, "URIs", "a\n# inside\n b"), (1, "Types", "deb-src")], Read(text, comments: true));
    }

    [Theory]
    [InlineData("no colon here")]
    [InlineData(": empty name")]
    [InlineData(" continuation first")]
    [InlineData("A: b\nbad line\n")]
    [InlineData("Two words: x")]
    public void A_line_out_of_place_is_refused(string text) =>
        Assert.Equal("TY2002", Assert.Throws<TorchyardException>(() => Read(text)).Code);

    [Fact]
    public void Damaged_text_fails_only_as_expected() =>
        Gen.Select(Gen.Int[0, 200], Gen.Byte)
            .Array[1, 6]
            .Sample(edits =>
            {
                var text = Encoding.UTF8.GetBytes(
                    "Package: bash\nVersion: 5.2\nDepends: libc6 (>= 2.38), base-files | x\nDescription: shell\n long\n\nPackage: "
                        + "dash\nVersion: 1\n"
                );
                foreach (var (at, value) in edits)
                {
                    text[at % text.Length] = value;
                }

                try
                {
                    Read(Encoding.Latin1.GetString(text));
                }
                catch (TorchyardException error)
                {
                    Assert.Equal("TY2002", error.Code);
                }
            });

    private static List<(int Stanza, string Name, string Value)> Read(string text, bool comments = false)
    {
        var reader = new ControlReader(Encoding.UTF8.GetBytes(text), comments);
        var found = new List<(int, string, string)>();
        for (var stanza = 0; reader.NextStanza(); stanza++)
        {
            while (reader.NextField())
            {
                found.Add((stanza, Encoding.UTF8.GetString(reader.Name), Encoding.UTF8.GetString(reader.Value)));
            }
        }

        return found;
    }
}
