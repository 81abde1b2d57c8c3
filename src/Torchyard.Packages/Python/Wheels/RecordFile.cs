using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Python.Wheels;

/// <summary>The hash that RECORD gives for a file.</summary>
/// <param name="Algorithm">SHA-256, SHA-384 or SHA-512; weaker ones are refused (PEP 427).</param>
/// <param name="Value">The hash's bytes as URL-safe Base64 without padding, as RECORD writes it.</param>
public readonly record struct RecordHash(HashAlgorithmName Algorithm, string Value)
{
    /// <summary>The hash of a finished SHA-256.</summary>
    public static RecordHash Sha256(ReadOnlySpan<byte> hash) => new(HashAlgorithmName.SHA256, Encode(hash));

    /// <summary>URL-safe Base64 without padding.</summary>
    public static string Encode(ReadOnlySpan<byte> hash) => System.Buffers.Text.Base64Url.EncodeToString(hash);

    /// <summary><c>sha256=…</c>.</summary>
    public override string ToString() => $"{Algorithm.Name!.ToLowerInvariant()}={Value}";

    /// <summary>Reads <c>sha256=…</c>.</summary>
    /// <exception cref="InvalidDataException">Unknown or weak algorithm, or no hash of its length.</exception>
    internal static RecordHash Parse(string text, string path)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var algorithm = equals < 0 ? text : text[..equals];
        var (name, size) = algorithm switch
        {
            "sha256" => (HashAlgorithmName.SHA256, 32),
            "sha384" => (HashAlgorithmName.SHA384, 48),
            "sha512" => (HashAlgorithmName.SHA512, 64),
            _ => throw new InvalidDataException($"RECORD has a '{algorithm}' hash for '{path}'; sha256 or better is needed"),
        };
        var value = text[(equals + 1)..].TrimEnd('=');
        var hash = new byte[64];
        // TryDecodeFromChars throws for some of what IsValid lets pass.
        return
            System.Buffers.Text.Base64Url.DecodeFromChars(value, hash, out _, out var written) == System.Buffers.OperationStatus.Done
            && written == size
            ? new RecordHash(name, Encode(hash.AsSpan(0, size)))
            : throw new InvalidDataException($"RECORD has no proper {algorithm} hash for '{path}'");
    }
}

/// <summary>A line of RECORD.</summary>
/// <param name="Path">Path, relative to site-packages or to the wheel's root.</param>
/// <param name="Hash">The file's hash, or null for RECORD itself and what it may leave out.</param>
/// <param name="Size">The file's bytes, or null.</param>
public sealed record RecordLine(string Path, RecordHash? Hash, long? Size);

/// <summary>
/// RECORD of a wheel or of an installed distribution: CSV of path, hash and size (packaging.python.org, "Recording installed projects").
/// </summary>
public static class RecordFile
{
    /// <summary>Reads RECORD.</summary>
    /// <exception cref="InvalidDataException">It breaks the format, or lists a path twice with different content.</exception>
    public static IReadOnlyDictionary<string, RecordLine> Parse(ReadOnlySpan<byte> content)
    {
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidDataException("RECORD is not UTF-8");
        }

        var lines = new Dictionary<string, RecordLine>(StringComparer.Ordinal);
        var at = 0;
        var fields = new List<string>(3);
        while (at < text.Length)
        {
            at = ReadRow(text, at, fields);
            if (fields is [""])
            {
                continue;
            }

            if (fields.Count != 3)
            {
                throw new InvalidDataException($"RECORD has a line with {Count.Of(fields.Count, "field")}");
            }

            var path = fields[0].Replace('\\', '/');
            long? size = null;
            if (fields[2].Length > 0)
            {
                size = long.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                    ? number
                    : throw new InvalidDataException($"RECORD has the size '{fields[2]}' for '{path}'");
            }

            var line = new RecordLine(path, fields[1].Length > 0 ? RecordHash.Parse(fields[1], path) : null, size);
            if (!lines.TryAdd(path, line) && lines[path] != line)
            {
                throw new InvalidDataException($"RECORD lists '{path}' twice, with different hashes");
            }
        }

        return lines;
    }

    /// <summary>Writes RECORD: by path (ordinal), fields quoted only where they must be, lines ended by LF.</summary>
    public static byte[] Write(IEnumerable<RecordLine> lines)
    {
        var text = new StringBuilder();
        foreach (var line in lines.OrderBy(l => l.Path, StringComparer.Ordinal))
        {
            var quote = line.Path.AsSpan().ContainsAny(',', '"', '\n') || line.Path.Contains('\r', StringComparison.Ordinal);
            text.Append(quote ? $"\"{line.Path.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : line.Path)
                .Append(',')
                .Append(line.Hash?.ToString())
                .Append(',')
                .Append(line.Size?.ToString(CultureInfo.InvariantCulture))
                .Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>One CSV row as Python's csv module reads it with its defaults.</summary>
    private static int ReadRow(string text, int at, List<string> fields)
    {
        fields.Clear();
        var field = new StringBuilder();
        var quoted = false;
        while (true)
        {
            var c = at < text.Length ? text[at++] : '\0';
            var ended = c == '\0' && at >= text.Length;
            if (quoted)
            {
                if (ended)
                {
                    throw new InvalidDataException("RECORD ends inside a quoted field");
                }

                if (c != '"')
                {
                    field.Append(c);
                }
                else if (at < text.Length && text[at] == '"')
                {
                    field.Append('"');
                    at++;
                }
                else
                {
                    quoted = false;
                }
            }
            else if (ended || c is '\n' or '\r')
            {
                fields.Add(field.ToString());
                if (c == '\r' && at < text.Length && text[at] == '\n')
                {
                    at++;
                }

                return at;
            }
            else if (c == ',')
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else if (c == '"' && field.Length == 0)
            {
                quoted = true;
            }
            else
            {
                field.Append(c);
            }
        }
    }
}
