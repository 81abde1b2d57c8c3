using Torchyard.Packages.Python.Versions;

namespace Torchyard.Packages.Python.Markers;

/// <summary>What a marker is judged against.</summary>
internal sealed record MarkerContext(
    MarkerEnvironment Environment, IReadOnlySet<string> Extras, IReadOnlySet<string> DependencyGroups, string Extra);

internal abstract record MarkerNode
{
    public abstract bool Evaluate(MarkerContext context);
}

internal sealed record MarkerAnd(MarkerNode Left, MarkerNode Right) : MarkerNode
{
    public override bool Evaluate(MarkerContext context) => Left.Evaluate(context) && Right.Evaluate(context);

    public override string ToString() => $"{Wrap(Left)} and {Wrap(Right)}";

    private static string Wrap(MarkerNode node) => node is MarkerOr ? $"({node})" : node.ToString()!;
}

internal sealed record MarkerOr(MarkerNode Left, MarkerNode Right) : MarkerNode
{
    public override bool Evaluate(MarkerContext context) => Left.Evaluate(context) || Right.Evaluate(context);

    public override string ToString() => $"{Left} or {Right}";
}

/// <summary>Either a variable of the environment or a quoted text.</summary>
internal readonly record struct MarkerOperand(MarkerVariable? Variable, string? Literal)
{
    public bool IsSet => Variable is MarkerVariable.Extras or MarkerVariable.DependencyGroups;

    public string Value(MarkerContext context) => Literal ?? Variable!.Value.Value(context);

    public override string ToString() =>
        Variable is { } variable ? variable.Name() : Literal!.Contains('"') ? $"'{Literal}'" : $"\"{Literal}\"";
}

internal enum MarkerOperator
{
    Equal,
    NotEqual,
    AtMost,
    AtLeast,
    Below,
    Above,
    Compatible,
    Identical,
    In,
    NotIn,
}

internal sealed record MarkerComparison(MarkerOperand Left, MarkerOperator Operator, MarkerOperand Right) : MarkerNode
{
    public override bool Evaluate(MarkerContext context)
    {
        if (Operator is MarkerOperator.In or MarkerOperator.NotIn)
            return Contains(context) == (Operator == MarkerOperator.In);
        var left = Left.Value(context);
        var right = Right.Value(context);
        if (Left.Variable == MarkerVariable.Extra || Right.Variable == MarkerVariable.Extra)
            return CompareText(Normal(left), Normal(right));

        // Versions are compared as versions wherever both sides are such; everything else by text, as Python compares strings.
        if (VersionSpecifier.TryParse(VersionSpecifier.Symbol((VersionOperator)Operator) + right, out var specifier)
            && PythonVersion.TryParse(left, out var version))
            return specifier.Matches(version);
        return CompareText(left, right);
    }

    public override string ToString() => $"{Left} {Symbol} {Right}";

    private string Symbol => Operator switch
    {
        MarkerOperator.In => "in",
        MarkerOperator.NotIn => "not in",
        _ => VersionSpecifier.Symbol((VersionOperator)Operator),
    };

    private bool Contains(MarkerContext context) => Right.Variable switch
    {
        MarkerVariable.Extras => context.Extras.Contains(Normal(Left.Value(context))),
        MarkerVariable.DependencyGroups => context.DependencyGroups.Contains(Normal(Left.Value(context))),
        _ => Right.Value(context).Contains(Left.Value(context), StringComparison.Ordinal),
    };

    private bool CompareText(string left, string right)
    {
        var order = string.CompareOrdinal(left, right);
        return Operator switch
        {
            MarkerOperator.Equal or MarkerOperator.Identical => order == 0,
            MarkerOperator.NotEqual => order != 0,
            MarkerOperator.AtMost => order <= 0,
            MarkerOperator.AtLeast => order >= 0,
            MarkerOperator.Below => order < 0,
            MarkerOperator.Above => order > 0,
            _ => false, // "~=" means nothing for text
        };
    }

    private static string Normal(string name) => ProjectName.TryParse(name, out var parsed) ? parsed.Normal : name;
}
