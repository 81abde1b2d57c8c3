using System.Text;
using Torchyard.Packages.Debian.Control;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Debian.Apt;

/// <summary>
/// Reads sources.list(5): the one-line form of <c>*.list</c> and the deb822 form of <c>*.sources</c>. Source packages are left out.
/// </summary>
internal static class AptSourcesReader
{
    /// <summary>Reads a one-line file.</summary>
    /// <exception cref="TorchyardException">TY2011: a line breaks the format.</exception>
    public static List<AptSource> ReadList(string text, string file)
    {
        var found = new List<AptSource>();
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var hash = raw.IndexOf('#', StringComparison.Ordinal);
            var line = (hash < 0 ? raw : raw[..hash]).Trim();
            if (line.Length == 0)
            {
                continue;
            }

            if (ReadLine(line, file, number) is { } source)
            {
                found.Add(source);
            }
        }

        return found;
    }

    /// <summary>Reads a deb822 file.</summary>
    /// <exception cref="TorchyardException">TY2011: a stanza lacks a field; TY2002: the text is not deb822.</exception>
    public static List<AptSource> ReadSources(string text, string file)
    {
        var found = new List<AptSource>();
        var reader = new ControlReader(Encoding.UTF8.GetBytes(text), comments: true);
        while (reader.NextStanza())
        {
            var line = Encoding.UTF8.GetBytes(text).AsSpan(0, reader.Position).Count((byte)'\n') + 1;
            var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            while (reader.NextField())
            {
                fields[Encoding.UTF8.GetString(reader.Name)] = WithoutComments(Encoding.UTF8.GetString(reader.Value));
            }

            AddStanza(fields, file, line, found);
        }

        return found;
    }

    private static AptSource? ReadLine(string line, string file, int number)
    {
        var options = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var type = line.Split([' ', '\t', '['], 2)[0];
        if (type == "deb-src")
        {
            return null;
        }

        if (type != "deb")
        {
            throw Broken(file, number, $"'{type}' is not a type of source");
        }

        var rest = line[type.Length..].TrimStart();
        if (rest.StartsWith('['))
        {
            var close = rest.IndexOf(']', StringComparison.Ordinal);
            if (close < 0)
            {
                throw Broken(file, number, "']' is missing");
            }

            foreach (var option in rest[1..close].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            {
                var equals = option.IndexOf('=', StringComparison.Ordinal);
                if (equals > 0)
                {
                    options[option[..equals].TrimEnd('+', '-')] = option[(equals + 1)..];
                }
            }

            rest = rest[(close + 1)..].TrimStart();
        }

        var words = rest.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 2)
        {
            throw Broken(file, number, "URI and suite are missing");
        }

        return new AptSource
        {
            Uri = words[0].TrimEnd('/'),
            Suite = words[1],
            Components = words[2..],
            SignedBy = Split(options.GetValueOrDefault("signed-by")),
            SignedByKey = null,
            CheckValidUntil = Switch(options.GetValueOrDefault("check-valid-until")),
            CheckDate = Switch(options.GetValueOrDefault("check-date")),
            File = file,
        };
    }

    private static void AddStanza(Dictionary<string, string> fields, string file, int line, List<AptSource> found)
    {
        string[] Words(string name) => fields.GetValueOrDefault(name)?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (Switch(fields.GetValueOrDefault("Enabled")) == false || !Words("Types").Contains("deb"))
        {
            return;
        }

        var uris = Words("URIs");
        var suites = Words("Suites");
        if (uris.Length == 0 || suites.Length == 0)
        {
            throw Broken(file, line, "URIs or Suites is missing");
        }

        var signedBy = fields.GetValueOrDefault("Signed-By") ?? "";
        var isKey = signedBy.Contains("BEGIN PGP PUBLIC KEY BLOCK", StringComparison.Ordinal);
        foreach (var uri in uris)
        {
            foreach (var suite in suites)
            {
                found.Add(
                    new AptSource
                    {
                        Uri = uri.TrimEnd('/'),
                        Suite = suite,
                        Components = Words("Components"),
                        SignedBy = isKey ? [] : Split(signedBy),
                        SignedByKey = isKey ? KeyBlock(signedBy) : null,
                        CheckValidUntil = Switch(fields.GetValueOrDefault("Check-Valid-Until")),
                        CheckDate = Switch(fields.GetValueOrDefault("Check-Date")),
                        File = file,
                    }
                );
            }
        }
    }

    // A multi-line value writes an empty line as " ." (deb822(5)).
    private static string KeyBlock(string value) =>
        string.Join('\n', value.Split('\n').Select(line => line.Trim() is "." ? "" : line.Trim())) + "\n";

    private static string WithoutComments(string value) =>
        value.Contains("\n#", StringComparison.Ordinal)
            ? string.Join('\n', value.Split('\n').Where((line, i) => i == 0 || !line.StartsWith('#')))
            : value;

    private static string[] Split(string? value) => value?.Split([',', ' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static bool? Switch(string? value) =>
        value?.Trim().ToLowerInvariant() switch
        {
            "yes" or "true" or "1" or "on" => true,
            "no" or "false" or "0" or "off" => false,
            _ => null,
        };

    private static TorchyardException Broken(string file, int line, string what) =>
        new(
            "TY2011",
            $"{file}:{line}: {what}",
            "correct the file (apt-get update shows whether apt can read it), or name base.mirrors in the recipe"
        )
        {
            Location = new SourceLocation(file, line, 1),
        };
}
