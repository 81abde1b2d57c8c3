using System.Diagnostics.CodeAnalysis;

namespace Torchyard.Packages.Python.Markers;

/// <summary>
/// Recursive-descent reader of the marker grammar: <c>or</c> binds weaker than <c>and</c>, parentheses nest at most
/// <see cref="MaxDepth"/> deep so that hostile METADATA cannot exhaust the stack.
/// </summary>
internal sealed class MarkerReader(string text, int start)
{
    private const int MaxDepth = 64;
    private const int MaxComparisons = 1024;

    private int _at = start;
    private int _comparisons;
    private string? _error;

    /// <summary>Where what was expected is missing, as an index into the text.</summary>
    public int FailedAt { get; private set; }

    public bool TryReadAll([NotNullWhen(true)] out MarkerNode? root, [NotNullWhen(false)] out string? error)
    {
        root = ReadOr(0);
        SkipSpace();
        if (_error is null && _at < text.Length)
        {
            Fail("'and', 'or' or the end");
        }

        error = _error;
        if (error is not null)
        {
            root = null;
        }

        return root is not null;
    }

    private MarkerNode? ReadOr(int depth)
    {
        var left = ReadAnd(depth);
        while (_error is null && TakeWord("or"))
        {
            var right = ReadAnd(depth);
            if (left is not null && right is not null)
            {
                left = new MarkerOr(left, right);
            }
        }

        return left;
    }

    private MarkerNode? ReadAnd(int depth)
    {
        var left = ReadTerm(depth);
        while (_error is null && TakeWord("and"))
        {
            var right = ReadTerm(depth);
            if (left is not null && right is not null)
            {
                left = new MarkerAnd(left, right);
            }
        }

        return left;
    }

    private MarkerNode? ReadTerm(int depth)
    {
        SkipSpace();
        if (_at >= text.Length || text[_at] != '(')
        {
            return ReadComparison();
        }

        if (depth >= MaxDepth)
        {
            return Fail($"at most {MaxDepth} nested parentheses");
        }

        _at++;
        var inner = ReadOr(depth + 1);
        if (_error is not null)
        {
            return null;
        }

        SkipSpace();
        if (_at >= text.Length || text[_at] != ')')
        {
            return Fail("')'");
        }

        _at++;
        return inner;
    }

    private MarkerComparison? ReadComparison()
    {
        if (++_comparisons > MaxComparisons)
        {
            return Fail($"at most {MaxComparisons} comparisons");
        }

        if (ReadOperand() is not { } left || ReadOperator() is not { } comparison)
        {
            return null;
        }

        var place = _at;
        if (ReadOperand() is not { } right)
        {
            return null;
        }

        if (left.Variable is null && right.Variable is null)
        {
            _at = place;
            return Fail("a marker variable on one side of the comparison");
        }

        if (left.IsSet || (right.IsSet && comparison is not (MarkerOperator.In or MarkerOperator.NotIn)))
        {
            _at = place;
            return Fail("'\"name\" in extras' or '\"name\" in dependency_groups'");
        }

        return new MarkerComparison(left, comparison, right);
    }

    private MarkerOperand? ReadOperand()
    {
        SkipSpace();
        if (_at < text.Length && text[_at] is '"' or '\'')
        {
            var end = text.IndexOf(text[_at], _at + 1);
            if (end < 0)
            {
                Fail("a closing quote");
                return null;
            }

            var literal = text[(_at + 1)..end];
            _at = end + 1;
            return new MarkerOperand(null, literal);
        }

        var length = 0;
        while (_at + length < text.Length && (char.IsAsciiLetterOrDigit(text[_at + length]) || text[_at + length] is '_' or '.'))
        {
            length++;
        }

        if (MarkerVariables.Find(text.AsSpan(_at, length)) is not { } variable)
        {
            Fail("a marker variable or a quoted text");
            return null;
        }

        _at += length;
        return new MarkerOperand(variable, null);
    }

    private MarkerOperator? ReadOperator()
    {
        SkipSpace();
        var rest = text.AsSpan(_at);
        var before = rest.Length;
        if (Versions.VersionSpecifier.TryTakeOperator(ref rest, out var comparison))
        {
            _at += before - rest.Length;
            return (MarkerOperator)comparison;
        }

        if (TakeWord("in"))
        {
            return MarkerOperator.In;
        }

        if (TakeWord("not"))
        {
            if (TakeWord("in"))
            {
                return MarkerOperator.NotIn;
            }

            Fail("'in' after 'not'");
            return null;
        }

        Fail("a comparison: ==, !=, <, <=, >, >=, ~=, ===, in, not in");
        return null;
    }

    private bool TakeWord(string word)
    {
        SkipSpace();
        if (!text.AsSpan(_at).StartsWith(word, StringComparison.Ordinal))
        {
            return false;
        }

        var end = _at + word.Length;
        if (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '_' or '.'))
        {
            return false;
        }

        _at = end;
        return true;
    }

    private void SkipSpace()
    {
        // No other white space is one of the grammar.
        while (_at < text.Length && text[_at] is (' ' or '\t'))
        {
            _at++;
        }
    }

    private MarkerComparison? Fail(string expected)
    {
        if (_error is null)
        {
            _error = $"expected {expected} at character {_at + 1}";
            FailedAt = _at;
        }

        return null;
    }
}
