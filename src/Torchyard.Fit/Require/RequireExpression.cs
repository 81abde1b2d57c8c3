using System.Diagnostics.CodeAnalysis;
using Torchyard.Fit.Data;

namespace Torchyard.Fit.Require;

/// <summary>What an <c>NVIDIA_REQUIRE_*</c> expression is judged against.</summary>
/// <param name="Cuda">Newest CUDA release of the driver.</param>
/// <param name="Driver">The driver.</param>
/// <param name="Capability">Compute capability of the GPU (<c>arch</c>).</param>
/// <param name="Brand">Product brand of the GPU, e.g. <c>tesla</c>.</param>
internal sealed record RequireFacts(DottedVersion Cuda, DottedVersion Driver, DottedVersion Capability, string Brand);

/// <summary>
/// The value of an <c>NVIDIA_REQUIRE_*</c> variable as libnvidia-container reads it: a space is OR, a comma is AND,
/// e.g. <c>cuda&gt;=12.8 brand=tesla,driver&gt;=535,driver&lt;536</c>. Terms that are not known are skipped.
/// </summary>
public sealed record RequireExpression
{
    /// <summary>Longest text that is read; NVIDIA's own have about 3,000 characters.</summary>
    public const int MaxLength = 64 * 1024;

    private RequireExpression(IReadOnlyList<IReadOnlyList<RequireTerm>> alternatives) => Alternatives = alternatives;

    /// <summary>Alternatives, each a list of terms that must all hold.</summary>
    public IReadOnlyList<IReadOnlyList<RequireTerm>> Alternatives { get; }

    /// <summary>Reads an expression; on failure <paramref name="error"/> names the term.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out RequireExpression? expression, [NotNullWhen(false)] out string? error)
    {
        expression = null;
        error = null;
        if (text.Length > MaxLength)
        {
            error = $"it is longer than {MaxLength} characters";
            return false;
        }

        var alternatives = new List<IReadOnlyList<RequireTerm>>();
        foreach (var alternative in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var terms = new List<RequireTerm>();
            foreach (var part in alternative.Split(','))
            {
                if (!RequireTerm.TryParse(part, out var term))
                {
                    error = $"'{(part.Length > 60 ? part[..60] + "..." : part)}' is not a term such as cuda>=12.8 or brand=tesla";
                    return false;
                }

                terms.Add(term);
            }

            alternatives.Add(terms);
        }

        expression = new RequireExpression(alternatives);
        return true;
    }

    /// <summary>The CUDA release that the image is of, as its expression names it; null when it names none.</summary>
    public DottedVersion? Cuda =>
        Alternatives
            .SelectMany(terms => terms)
            .Where(term => term is { Name: "cuda", Operator: ">=" or "=" or ">" })
            .Select(term => DottedVersion.Parse(term.Value.TrimEnd('.')))
            .Order()
            .Select(version => (DottedVersion?)version)
            .LastOrDefault();

    /// <summary>True when an alternative holds; an empty expression asks for nothing.</summary>
    internal bool Holds(RequireFacts facts) =>
        Alternatives.Count == 0 || Alternatives.Any(terms => terms.All(term => term.Holds(facts) ?? true));

    /// <inheritdoc/>
    public override string ToString() => string.Join(' ', Alternatives.Select(terms => string.Join(',', terms)));
}

/// <summary>One term: name, comparison, value.</summary>
/// <param name="Name"><c>cuda</c>, <c>driver</c>, <c>arch</c>, <c>brand</c>, or something that is not known.</param>
/// <param name="Operator"><c>=</c>, <c>!=</c>, <c>&lt;</c>, <c>&lt;=</c>, <c>&gt;</c> or <c>&gt;=</c>.</param>
/// <param name="Value">Right side.</param>
public sealed record RequireTerm(string Name, string Operator, string Value)
{
    private static readonly System.Buffers.SearchValues<char> NameLetters = System.Buffers.SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
    );

    internal static bool TryParse(string text, [NotNullWhen(true)] out RequireTerm? term)
    {
        term = null;
        var at = text.AsSpan().IndexOfAny('=', '<', '>');
        if (at > 0 && text[at] == '=' && text[at - 1] == '!')
        {
            at--;
        }

        if (at <= 0)
        {
            return false;
        }

        var length = at + 1 < text.Length && text[at + 1] == '=' ? 2 : 1;
        var value = text[(at + length)..];
        if (value.Length == 0)
        {
            return false;
        }

        var read = new RequireTerm(text[..at], text.Substring(at, length) is "==" ? "=" : text.Substring(at, length), value);
        if (!read.IsComparable)
        {
            return false;
        }

        term = read;
        return true;
    }

    /// <summary>False for a version that is none, an order of brands, or an operator in the value.</summary>
    private bool IsComparable =>
        Value.AsSpan().IndexOfAny("=<>!") < 0
        && Name switch
        {
            "cuda" or "driver" or "arch" => DottedVersion.TryParse(Value.TrimEnd('.'), out _),
            "brand" => Operator is "=" or "!=",
            _ => Name.AsSpan().IndexOfAnyExcept(NameLetters) < 0,
        };

    /// <summary>Whether the term holds; null when it is not known and therefore skipped.</summary>
    internal bool? Holds(RequireFacts facts) =>
        Name switch
        {
            "cuda" => Compare(facts.Cuda),
            "driver" => Compare(facts.Driver),
            "arch" => Compare(facts.Capability),
            "brand" => Operator switch
            {
                "=" => facts.Brand.Equals(Value, StringComparison.OrdinalIgnoreCase),
                "!=" => !facts.Brand.Equals(Value, StringComparison.OrdinalIgnoreCase),
                _ => null,
            },
            _ => null,
        };

    /// <inheritdoc/>
    public override string ToString() => Name + Operator + Value;

    private bool? Compare(DottedVersion actual)
    {
        if (!DottedVersion.TryParse(Value.TrimEnd('.'), out var wanted))
        {
            return null;
        }

        var order = actual.CompareTo(wanted);
        return Operator switch
        {
            "=" => order == 0,
            "!=" => order != 0,
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
    }
}
