using Torchyard.Packages.Python.Versions;

namespace Torchyard.Packages.Python.Markers;

/// <summary>What a marker is judged against.</summary>
internal sealed record MarkerContext(
    MarkerEnvironment Environment,
    IReadOnlySet<string> Extras,
    IReadOnlySet<string> DependencyGroups,
    string Extra
);

internal abstract record MarkerNode
{
    public abstract bool Evaluate(MarkerContext context);

    /// <summary>True when it asks for the kernel of the machine where it is evaluated.</summary>
    public abstract bool AsksForKernel { get; }

    /// <summary>The same with all that is the same on every Linux machine answered.</summary>
    public abstract MarkerNode Fold();
}

/// <summary>An answer in the place of a question.</summary>
internal sealed record MarkerConstant(bool Value) : MarkerNode
{
    public override bool AsksForKernel => false;

    public override bool Evaluate(MarkerContext context) => Value;

    public override MarkerNode Fold() => this;

    // The grammar has no constants.
    public override string ToString() => Value ? "os_name == \"posix\"" : "os_name == \"none\"";
}

internal sealed record MarkerAnd(MarkerNode Left, MarkerNode Right) : MarkerNode
{
    public override bool AsksForKernel => Left.AsksForKernel || Right.AsksForKernel;

    public override bool Evaluate(MarkerContext context) => Left.Evaluate(context) && Right.Evaluate(context);

    public override MarkerNode Fold() =>
        (Left.Fold(), Right.Fold()) switch
        {
            (MarkerConstant { Value: false }, _) or (_, MarkerConstant { Value: false }) => new MarkerConstant(false),
            (MarkerConstant, var rest) => rest,
            (var rest, MarkerConstant) => rest,
            var (left, right) => new MarkerAnd(left, right),
        };

    public override string ToString() => $"{Wrap(Left)} and {Wrap(Right)}";

    private static string Wrap(MarkerNode node) => node is MarkerOr ? $"({node})" : node.ToString()!;
}

internal sealed record MarkerOr(MarkerNode Left, MarkerNode Right) : MarkerNode
{
    public override bool AsksForKernel => Left.AsksForKernel || Right.AsksForKernel;

    public override bool Evaluate(MarkerContext context) => Left.Evaluate(context) || Right.Evaluate(context);

    public override MarkerNode Fold() =>
        (Left.Fold(), Right.Fold()) switch
        {
            (MarkerConstant { Value: true }, _) or (_, MarkerConstant { Value: true }) => new MarkerConstant(true),
            (MarkerConstant, var rest) => rest,
            (var rest, MarkerConstant) => rest,
            var (left, right) => new MarkerOr(left, right),
        };

    public override string ToString() => $"{Left} or {Right}";
}

/// <summary>Either a variable of the environment or a quoted text.</summary>
internal readonly record struct MarkerOperand(MarkerVariable? Variable, string? Literal)
{
    public bool IsSet => Variable is MarkerVariable.Extras or MarkerVariable.DependencyGroups;

    public string Value(MarkerContext context) => Literal ?? Variable!.Value.Value(context);

    public override string ToString() =>
        Variable is { } variable ? variable.Name()
        : Literal!.Contains('"') ? $"'{Literal}'"
        : $"\"{Literal}\"";
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
    private static readonly MarkerContext Linux = new(
        MarkerEnvironment.CPythonOnLinux(PythonVersion.Parse("3")),
        new HashSet<string>(),
        new HashSet<string>(),
        ""
    );

    public override bool AsksForKernel => IsOneOf(MarkerVariable.PlatformRelease, MarkerVariable.PlatformVersion);

    public override MarkerNode Fold() =>
        IsOneOf(MarkerVariable.OsName, MarkerVariable.SysPlatform, MarkerVariable.PlatformSystem)
        && (Left.Literal is not null || Right.Literal is not null)
            ? new MarkerConstant(Evaluate(Linux))
            : this;

    public override bool Evaluate(MarkerContext context)
    {
        if (Operator is MarkerOperator.In or MarkerOperator.NotIn)
        {
            return Contains(context) == (Operator == MarkerOperator.In);
        }

        var left = Left.Value(context);
        var right = Right.Value(context);
        if (Left.Variable == MarkerVariable.Extra || Right.Variable == MarkerVariable.Extra)
        {
            return CompareText(Normal(left), Normal(right));
        }

        // Versions are compared as versions wherever both sides are such; everything else by text, as Python compares strings.
        if (
            VersionSpecifier.TryParse(VersionSpecifier.Symbol((VersionOperator)Operator) + right, out var specifier)
            && PythonVersion.TryParse(left, out var version)
        )
        {
            return specifier.Matches(version);
        }

        return CompareText(left, right);
    }

    public override string ToString() => $"{Left} {Symbol} {Right}";

    private bool IsOneOf(params ReadOnlySpan<MarkerVariable> variables) =>
        (Left.Variable is { } left && variables.Contains(left)) || (Right.Variable is { } right && variables.Contains(right));

    private string Symbol =>
        Operator switch
        {
            MarkerOperator.In => "in",
            MarkerOperator.NotIn => "not in",
            _ => VersionSpecifier.Symbol((VersionOperator)Operator),
        };

    private bool Contains(MarkerContext context) =>
        Right.Variable switch
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
