using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Torchyard.Images.Capture.Host;
using Torchyard.Packages.Python.Wheels;

namespace Torchyard.Images.Capture.Plan;

/// <summary>
/// Files that name the environment's own path, rewritten for another one: first lines of scripts, activation, path configuration. In
/// programs of conda packages, which are made for it, the path is replaced in place and filled up with zeros, as conda does when it
/// installs them.
/// </summary>
/// <param name="tree">The machine.</param>
/// <param name="environment">The environment.</param>
/// <param name="target">Its path in the image.</param>
internal sealed class Relocation(HostTree tree, CapturedEnvironment environment, string target)
{
    // Text that names its own path is small; conda's programs are not.
    private const long MaxText = 4 << 20;
    private const long MaxProgram = 128 << 20;

    // The longer one first: one may begin with the other.
    private readonly byte[][] _old =
    [
        .. new[] { environment.Path, environment.Real }
            .Distinct(StringComparer.Ordinal)
            .OrderByDescending(path => path.Length)
            .Select(Encoding.UTF8.GetBytes),
    ];

    private readonly byte[] _new = Encoding.UTF8.GetBytes(target);

    /// <summary>New content by path on the machine.</summary>
    /// <param name="part">What is captured of the environment.</param>
    /// <param name="warnings">Gets the files that keep naming the old path.</param>
    /// <param name="cancellation">Ends the work.</param>
    public IReadOnlyDictionary<string, byte[]> Rewrite(EnvironmentPart part, ICollection<string> warnings, CancellationToken cancellation)
    {
        var isConda = environment.Kind == EnvironmentKind.Conda;
        var changed = new ConcurrentDictionary<string, byte[]>(StringComparer.Ordinal);
        var kept = new ConcurrentBag<string>();
        Parallel.ForEach(
            part.Entries.Where(entry => entry.IsFile && entry.Stat.Size <= (ulong)(isConda ? MaxProgram : MaxText)),
            new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Math.Min(8, Environment.ProcessorCount) },
            entry =>
            {
                if (tree.ReadBytes(entry.Path, MaxProgram) is not { } content || !_old.Any(old => content.AsSpan().IndexOf(old) >= 0))
                {
                    return;
                }

                var isText = content.AsSpan().IndexOf((byte)0) < 0;
                var made =
                    isText ? ReplaceText(content)
                    : isConda ? ReplaceInPlace(content)
                    : null;
                if (made is null)
                {
                    kept.Add(entry.Path);
                }
                else if (!made.AsSpan().SequenceEqual(content))
                {
                    changed[entry.Path] = made;
                }
            }
        );
        foreach (var path in kept.Order(StringComparer.Ordinal))
        {
            warnings.Add(
                $"{path} names {environment.Path} in a form that cannot be rewritten; what reads it there will not find it at {target}"
            );
        }

        UpdateRecords(part, changed);
        return changed;
    }

    /// <summary>Target of a link: one that names the old path names the new one.</summary>
    public string Retarget(string link)
    {
        foreach (var old in new[] { environment.Path, environment.Real }.OrderByDescending(path => path.Length))
        {
            if (link == old || link.StartsWith(old + "/", StringComparison.Ordinal))
            {
                return target + link[old.Length..];
            }
        }

        return link;
    }

    private byte[] ReplaceText(byte[] content)
    {
        var made = new MemoryStream(content.Length + 64);
        var rest = content.AsSpan();
        while (Next(rest) is var (at, length) && at >= 0)
        {
            made.Write(rest[..at]);
            made.Write(_new);
            rest = rest[(at + length)..];
        }

        made.Write(rest);
        return made.ToArray();
    }

    /// <summary>Null when the new path is longer than the old one.</summary>
    private byte[]? ReplaceInPlace(byte[] content)
    {
        var made = content.ToArray();
        for (var from = 0; Next(made.AsSpan(from)) is var (at, length) && at >= 0; )
        {
            if (_new.Length > length)
            {
                return null;
            }

            var start = from + at;
            var end = made.AsSpan(start).IndexOf((byte)0) is var zero and >= 0 ? start + zero : made.Length;
            var tail = made.AsSpan((start + length)..end).ToArray();
            _new.CopyTo(made.AsSpan(start));
            tail.CopyTo(made.AsSpan(start + _new.Length));
            made.AsSpan((start + _new.Length + tail.Length)..end).Clear();
            from = start + _new.Length;
        }

        return made;
    }

    /// <summary>The first place where an old path stands as a whole: <c>/opt/env</c> is not in <c>/opt/env2</c>.</summary>
    private (int At, int Length) Next(ReadOnlySpan<byte> text)
    {
        var best = (At: -1, Length: 0);
        foreach (var old in _old)
        {
            for (var from = 0; text[from..].IndexOf(old) is var found and >= 0; )
            {
                var at = from + found;
                var after = at + old.Length;
                if (after == text.Length || !IsPartOfName(text[after]))
                {
                    if (best.At < 0 || at < best.At)
                    {
                        best = (at, old.Length);
                    }

                    break;
                }

                from = after;
            }
        }

        return best;
    }

    private static bool IsPartOfName(byte letter) =>
        char.IsAsciiLetterOrDigit((char)letter) || letter is (byte)'_' or (byte)'-' or (byte)'.' or >= 0x80;

    /// <summary>RECORD lists hash and size of each file; those of rewritten files change.</summary>
    private void UpdateRecords(EnvironmentPart part, ConcurrentDictionary<string, byte[]> changed)
    {
        foreach (
            var group in changed
                .Keys.Where(path => part.Owners.TryGetValue(path, out var owner) && !owner.IsConda)
                .GroupBy(path => part.Owners[path].Origin, StringComparer.Ordinal)
                .ToList()
        )
        {
            var record = group.Key + "/RECORD";
            if (tree.ReadBytes(record) is not { } content)
            {
                continue;
            }

            try
            {
                var site = group.Key[..group.Key.LastIndexOf('/')];
                changed[record] = RecordFile.Write(
                    RecordFile
                        .Parse(content)
                        .Values.Select(line =>
                            changed.TryGetValue(Python.DistributionReader.Join(site, line.Path), out var made) && line.Hash is not null
                                ? new RecordLine(line.Path, RecordHash.Sha256(SHA256.HashData(made)), made.Length)
                                : line
                        )
                );
            }
            catch (InvalidDataException)
            {
                // A RECORD that breaks the format is taken as it is.
            }
        }
    }
}
