using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Torchyard.Packages.Python.Versions;

/// <summary>
/// Reads the grammar of PEP 440, Appendix B, with its permitted spellings: case, separators, <c>v</c> prefix,
/// <c>alpha/beta/c/pre/preview</c>, <c>rev/r</c>, implicit numbers and implicit post-releases (<c>1.0-1</c>).
/// </summary>
internal ref struct VersionParser
{
    private ReadOnlySpan<char> _rest;

    private VersionParser(ReadOnlySpan<char> text) => _rest = text;

    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out PythonVersion? version)
    {
        version = null;
        var parser = new VersionParser(text);
        parser.TakeWord("v");
        if (!parser.TryTakeNumber(out var first))
        {
            return false;
        }

        ulong epoch = 0;
        if (parser.TakeChar('!'))
        {
            epoch = first;
            if (!parser.TryTakeNumber(out first))
            {
                return false;
            }
        }

        var release = new List<ulong>(4) { first };
        while (parser._rest.Length > 1 && parser._rest[0] == '.' && char.IsAsciiDigit(parser._rest[1]))
        {
            parser._rest = parser._rest[1..];
            if (!parser.TryTakeNumber(out var segment))
            {
                return false;
            }

            release.Add(segment);
        }

        if (
            !parser.TryTakePre(out var pre)
            || !parser.TryTakePost(out var post)
            || !parser.TryTakeLabelled(DevWords, out var dev)
            || !parser.TryTakeLocal(out var local)
            || !parser._rest.IsEmpty
        )
        {
            return false;
        }

        version = new PythonVersion(epoch, [.. release], pre, post, dev, local);
        return true;
    }

    // The order matters: a longer word that begins with a shorter one is tried first.
    private static readonly string[] AlphaWords = ["alpha", "a"];
    private static readonly string[] BetaWords = ["beta", "b"];
    private static readonly string[] CandidateWords = ["preview", "pre", "rc", "c"];
    private static readonly string[] PostWords = ["post", "rev", "r"];
    private static readonly string[] DevWords = ["dev"];

    private bool TryTakePre(out PreRelease? pre)
    {
        pre = null;
        if (!TryTakeLabelled(AlphaWords, out var number))
        {
            return false;
        }

        if (number is not null)
        {
            pre = new PreRelease(PreReleasePhase.Alpha, number.Value);
            return true;
        }

        if (!TryTakeLabelled(BetaWords, out number))
        {
            return false;
        }

        if (number is not null)
        {
            pre = new PreRelease(PreReleasePhase.Beta, number.Value);
            return true;
        }

        if (!TryTakeLabelled(CandidateWords, out number))
        {
            return false;
        }

        if (number is not null)
        {
            pre = new PreRelease(PreReleasePhase.ReleaseCandidate, number.Value);
        }

        return true;
    }

    private bool TryTakePost(out ulong? post)
    {
        if (_rest.Length > 1 && _rest[0] == '-' && char.IsAsciiDigit(_rest[1]))
        {
            _rest = _rest[1..];
            var read = TryTakeNumber(out var number);
            post = number;
            return read;
        }

        return TryTakeLabelled(PostWords, out post);
    }

    /// <summary>Takes <c>[-_.]? word [-_.]? digits?</c>; null when no such word follows, false when its number is too large.</summary>
    private bool TryTakeLabelled(string[] words, out ulong? number)
    {
        number = null;
        var before = _rest;
        TakeSeparator();
        foreach (var word in words)
        {
            if (!TakeWord(word))
            {
                continue;
            }

            TakeSeparator();
            ulong value = 0;
            if (!_rest.IsEmpty && char.IsAsciiDigit(_rest[0]) && !TryTakeNumber(out value))
            {
                return false;
            }

            number = value;
            return true;
        }

        _rest = before;
        return true;
    }

    private bool TryTakeLocal(out LocalSegment[]? local)
    {
        local = null;
        if (!TakeChar('+'))
        {
            return true;
        }

        var segments = new List<LocalSegment>();
        do
        {
            var length = 0;
            while (length < _rest.Length && char.IsAsciiLetterOrDigit(_rest[length]))
            {
                length++;
            }

            if (length == 0)
            {
                return false;
            }

            var part = _rest[..length];
            _rest = _rest[length..];
            if (part.ContainsAnyExceptInRange('0', '9'))
            {
                segments.Add(new LocalSegment(0, part.ToString().ToLowerInvariant()));
            }
            else if (ulong.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            {
                segments.Add(new LocalSegment(value, null));
            }
            else
            {
                return false;
            }
        } while (TakeSeparator());
        local = [.. segments];
        return true;
    }

    private bool TryTakeNumber(out ulong value)
    {
        var length = 0;
        while (length < _rest.Length && char.IsAsciiDigit(_rest[length]))
        {
            length++;
        }

        if (!ulong.TryParse(_rest[..length], NumberStyles.None, CultureInfo.InvariantCulture, out value))
        {
            return false;
        }

        _rest = _rest[length..];
        return true;
    }

    private bool TakeWord(string word)
    {
        if (!_rest.StartsWith(word, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        _rest = _rest[word.Length..];
        return true;
    }

    private bool TakeSeparator() => TakeChar('.') || TakeChar('-') || TakeChar('_');

    private bool TakeChar(char wanted)
    {
        if (_rest.IsEmpty || _rest[0] != wanted)
        {
            return false;
        }

        _rest = _rest[1..];
        return true;
    }
}
